import Discovery
import SystemPackage
import Testing

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// What places told, as it was printed.
enum Recorded {
    static func text(_ name: String) throws -> String {
        let path = FilePath(#filePath).removingLastComponent().appending("Recorded").appending(name)
        let file = try FileDescriptor.open(path, .readOnly)
        return try file.closeAfter {
            var bytes: [UInt8] = []
            while true {
                let part = try [UInt8](unsafeUninitializedCapacity: 65_536) { buffer, count in
                    count = try file.read(into: UnsafeMutableRawBufferPointer(buffer))
                }
                if part.isEmpty { return String(decoding: bytes, as: UTF8.self) }
                bytes += part
            }
        }
    }

    static func report(_ name: String) throws -> PlaceReport {
        PlaceReport(parsing: try text(name), mark: "MARK")
    }

    static func sighting(_ system: String, containers: String? = nil, scope: SightingScope = SightingScope()) throws
        -> Sighting
    {
        Sighting(system: try report(system), containers: try containers.map(report), scope: scope)
    }
}

/// Compares with a file beside the tests; `RECORD=1` writes it and fails, so that no pipeline records by accident.
func expectRecorded(_ text: String, _ name: String, location: SourceLocation = #_sourceLocation) throws {
    guard getenv("RECORD") != nil else {
        #expect(try Recorded.text(name) == text, "\(name) differs; RECORD=1 writes it anew", sourceLocation: location)
        return
    }
    let path = FilePath(#filePath).removingLastComponent().appending("Recorded").appending(name)
    let file = try FileDescriptor.open(
        path,
        .writeOnly,
        options: [.create, .truncate],
        permissions: [.ownerReadWrite, .groupRead, .otherRead]
    )
    try file.closeAfter { _ = try file.writeAll(text.utf8) }
    Issue.record("recorded \(name)", sourceLocation: location)
}
