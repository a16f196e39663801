#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif
import SystemPackage
import Testing

/// Compares with a file beside the tests; `RECORD=1` writes it and fails, so that no pipeline records by accident.
func expectGolden(_ text: String, _ name: String, location: SourceLocation = #_sourceLocation) throws {
    let path = FilePath(pathBeside("Golden/\(name)"))
    if getenv("RECORD") != nil {
        let file = try FileDescriptor.open(
            path,
            .writeOnly,
            options: [.create, .truncate],
            permissions: [.ownerReadWrite, .groupRead, .otherRead]
        )
        try file.closeAfter { _ = try file.writeAll(text.utf8) }
        Issue.record("recorded \(name)", sourceLocation: location)
        return
    }
    #expect(
        fileBeside("Golden/\(name)") == text,
        "\(name) differs; RECORD=1 writes it anew",
        sourceLocation: location
    )
}

func pathBeside(_ name: String) -> String {
    FilePath(#filePath).removingLastComponent().appending(name).string
}

/// A file beside the tests; empty where it cannot be read.
func fileBeside(_ name: String) -> String {
    guard let file = try? FileDescriptor.open(FilePath(pathBeside(name)), .readOnly) else { return "" }
    defer { try? file.close() }
    var bytes: [UInt8] = []
    while let part = try? [UInt8](
        unsafeUninitializedCapacity: 65_536,
        initializingWith: { buffer, count in count = try file.read(into: UnsafeMutableRawBufferPointer(buffer)) }
    ), !part.isEmpty {
        bytes += part
    }
    return String(decoding: bytes, as: UTF8.self)
}
