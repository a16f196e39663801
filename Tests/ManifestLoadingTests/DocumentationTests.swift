import FleetModel
import SystemPackage
import Testing

@Suite struct `docs/diagnostics.md` {
    @Test func `explains every code once, and no other`() throws {
        let project = FilePath(#filePath).removingLastComponent().removingLastComponent().removingLastComponent()
        let file = try FileDescriptor.open(project.appending("docs/diagnostics.md"), .readOnly)
        var bytes = [UInt8](repeating: 0, count: 100_000)
        let count = try file.closeAfter { try bytes.withUnsafeMutableBytes { try file.read(into: $0) } }
        let explained = String(decoding: bytes[..<count], as: UTF8.self).split(separator: "\n").compactMap { line in
            line.firstMatch(of: #/^\| `([a-z-]+)` \| .+ \|$/#).map { String($0.1) }
        }
        #expect(explained == DiagnosticCode.allCases.map(\.rawValue))
    }
}
