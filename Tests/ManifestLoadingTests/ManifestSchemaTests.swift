import FleetModel
import Schemas
import SystemPackage
import Testing

@testable import ManifestLoading

@Suite struct `Schemas of manifests` {
    private static let project = FilePath(#filePath).removingLastComponent().removingLastComponent()
        .removingLastComponent()

    /// What an editor would say of each document of a file, by the schema of its kind.
    private func faults(_ path: FilePath) throws -> [[String]] {
        let file = YAMLComposer.compose(Array(try Self.text(path).utf8), file: "a.yaml")
        return try file.documents.filter { !$0.isNull }.map { document in
            let value = document.json
            let schema = value["kind"] == "Environment" ? ManifestSchema.environment : .databaseClass
            return try JSONSchema(schema.document).faults(in: value)
        }
    }

    private static func text(_ path: FilePath) throws -> String {
        let file = try FileDescriptor.open(path, .readOnly)
        var bytes = [UInt8](repeating: 0, count: 1_000_000)
        let count = try file.closeAfter { try bytes.withUnsafeMutableBytes { try file.read(into: $0) } }
        return String(decoding: bytes[..<count], as: UTF8.self)
    }

    private static func files(_ folder: FilePath) -> [FilePath] {
        (TemporaryRoot.names(in: folder) ?? []).filter { $0.hasSuffix(".yaml") }.map { folder.appending($0) }
    }

    private static let valid =
        ["environments", "manifests"].flatMap { files(project.appending($0)) + files(whole.appending($0)) }
    private static let whole = Fixture.folder.appending("whole-estate")

    @Test func `every valid manifest conforms`() throws {
        #expect(Self.valid.count > 4)
        for path in Self.valid { #expect(try faults(path).allSatisfy(\.isEmpty), "\(path)") }
        let pages = Fixture.all().filter { $0.name.hasSuffix(".yaml") }
        var count = 0
        for page in pages {
            let root = try page.root()
            guard try page.expectations(in: root).isEmpty else { continue }
            count += 1
            #expect(try faults(Fixture.folder.appending(page.name)).allSatisfy(\.isEmpty), "\(page.name)")
        }
        #expect(count > 0)
    }

    @Test(arguments: [
        "unknown-key", "missing-key", "wrong-type", "wrong-value", "policy", "connection", "hops", "names",
    ])
    func `what the loader calls wrong by its shape, the schema does`(page: String) throws {
        #expect(try faults(Fixture.folder.appending("\(page).yaml")).contains { !$0.isEmpty })
    }

    @Test(arguments: ManifestSchema.allCases)
    func `the copy for editors is what the program prints`(schema: ManifestSchema) throws {
        let path = Self.project.appending("docs/schemas/\(schema.rawValue).schema.json")
        #expect(
            try Self.text(path) == schema.document.indented + "\n",
            "reconcile schema \(schema.rawValue)"
        )
    }

    @Test(arguments: ManifestSchema.allCases)
    func `everything is described`(schema: ManifestSchema) {
        func check(_ value: JSONValue, _ path: String) {
            guard case .object(let members) = value else { return }
            if case .object(let keys)? = value["properties"] {
                for key in keys {
                    #expect(key.value["description"] != nil, "\(path).\(key.key)")
                }
            }
            for member in members { check(member.value, "\(path).\(member.key)") }
        }
        check(schema.document, "$")
    }
}

extension YAMLNode {
    /// The document as an editor's own reader of YAML has it.
    fileprivate var json: JSONValue {
        switch content {
        case .mapping(let pairs): .object(pairs.map { JSONValue.Member($0.key.value, $0.value.json) })
        case .sequence(let items): .array(items.map(\.json))
        case .unusable: .null
        case .scalar(let scalar):
            switch scalar.coreValue {
            case .null: .null
            case .bool(let value): .bool(value)
            case .integer(let number): .integer(Int64(number ?? .max))
            // Nothing in a manifest is a number with a fraction: that it is one at all is enough.
            case .float: .integer(0)
            case .text: .string(scalar.text)
            }
        }
    }
}
