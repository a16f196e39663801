import FleetModel
import SystemPackage
import Testing

/// A page of `Manifests/` that says itself what is wrong with it.
///
/// A single file is put into `manifests/` of an otherwise empty root, a folder is a root of its own; both find the
/// folders `migrations/tenant` and `migrations/master` and the files `seeds/tenant.sql` and `schema/tenant.sql`.
/// A marker is a comment `# ^ error[code]: message`, at the end of the line with the fault or on a line of its own
/// below it; `; hint: …` after the message is compared where it is given.
struct Fixture: CustomTestStringConvertible, Sendable {
    /// A marker, or a diagnostic as a marker would say it.
    struct Expectation: Hashable, Comparable, CustomStringConvertible {
        var file: String
        var line: Int
        var text: String

        static func < (left: Self, right: Self) -> Bool {
            (left.file, left.line, left.text) < (right.file, right.line, right.text)
        }

        var description: String { "\(file):\(line): \(text)" }
    }

    let name: String

    var testDescription: String { name }

    static let folder = FilePath(#filePath).removingLastComponent().appending("Manifests")

    static func all() -> [Fixture] {
        (TemporaryRoot.names(in: folder) ?? []).map(Fixture.init)
    }

    func root() throws -> TemporaryRoot {
        let root = try TemporaryRoot(["seeds/tenant.sql": "", "schema/tenant.sql": ""])
        try root.makeFolder("migrations/tenant")
        try root.makeFolder("migrations/master")
        try root.copy(Self.folder.appending(name), to: name.hasSuffix(".yaml") ? "manifests/\(name)" : "")
        return root
    }

    func expectations(in root: TemporaryRoot) throws -> [Expectation] {
        var expectations: [Expectation] = []
        for folder in ["environments", "manifests"] {
            for name in TemporaryRoot.names(in: root.path.appending(folder)) ?? [] {
                let text = try root.text(of: "\(folder)/\(name)")
                var faulty = 0
                for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
                    let parts = line.split(separator: "# ^ ", omittingEmptySubsequences: false)
                    if parts.count == 1 || !parts[0].allSatisfy({ $0 == " " }) { faulty = index + 1 }
                    for part in parts.dropFirst() {
                        let text = String(part.trimmingSuffix { $0 == " " })
                        expectations.append(Expectation(file: "\(folder)/\(name)", line: faulty, text: text))
                    }
                }
            }
        }
        return expectations.sorted()
    }
}

extension Diagnostic {
    /// What a marker has to say to claim the diagnostic.
    func claimed(by expectations: [Fixture.Expectation]) -> Fixture.Expectation? {
        let short = "\(severity.rawValue)[\(code.rawValue)]: \(message)"
        let long = hint.map { "\(short); hint: \($0)" } ?? short
        return expectations.first { expectation in
            expectation.file == range?.file && expectation.line == range?.start.line
                && (expectation.text == short || expectation.text == long)
        }
    }

    var asExpectation: Fixture.Expectation {
        let hint = hint.map { "; hint: \($0)" } ?? ""
        let text = "\(severity.rawValue)[\(code.rawValue)]: \(message)\(hint)"
        return Fixture.Expectation(file: range?.file ?? "", line: range?.start.line ?? 0, text: text)
    }
}

extension TemporaryRoot {
    func text(of name: String) throws -> String {
        let file = try FileDescriptor.open(path.appending(name), .readOnly)
        var bytes = [UInt8](repeating: 0, count: 1_000_000)
        let count = try file.closeAfter { try bytes.withUnsafeMutableBytes { try file.read(into: $0) } }
        return String(decoding: bytes[..<count], as: UTF8.self)
    }
}

extension Substring {
    fileprivate func trimmingSuffix(while matches: (Character) -> Bool) -> Substring {
        var rest = self
        while let last = rest.last, matches(last) { rest.removeLast() }
        return rest
    }
}
