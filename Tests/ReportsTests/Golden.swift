#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif
import SystemPackage
import Testing

/// Compares with a file beside the tests; `RECORD=1` writes it and fails, so that no pipeline records by accident.
func expectGolden(_ text: String, _ name: String, location: SourceLocation = #_sourceLocation) throws {
    let path = FilePath(#filePath).removingLastComponent().appending("Golden").appending(name)
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
    let file = try FileDescriptor.open(path, .readOnly)
    let bytes = try file.closeAfter {
        var bytes: [UInt8] = []
        let size = 65_536
        while true {
            let part = try [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
                count = try file.read(into: UnsafeMutableRawBufferPointer(buffer))
            }
            if part.isEmpty { return bytes }
            bytes += part
        }
    }
    #expect(
        String(decoding: bytes, as: UTF8.self) == text,
        "\(name) differs; RECORD=1 writes it anew",
        sourceLocation: location
    )
}
