import Discovery
import FleetModel
import ManifestLoading
import Migrations
import Reports
import SystemPackage
import Testing

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

@Suite struct ManifestDraftTests {
    private let classes = ["master", "tenant"].map {
        ManifestDraft.Class(
            name: $0,
            directory: "../drizzle/\($0)",
            format: .drizzle,
            isDeclared: false,
            isWanted: false
        )
    }

    private func draft(_ databases: [FoundDatabase], role: EnvironmentRole = .staging) -> ManifestDraft {
        var servers = [Found.server("/run/here", databases: databases)]
        servers.nameAll()
        return ManifestDraft(servers: [(servers[0], role)], classes: classes, passwordVariable: nil)
    }

    private func entries(_ databases: [FoundDatabase]) -> [String] {
        let file = draft(databases).files.first { $0.path.hasPrefix("environments/") }
        return (file?.text ?? "").split(separator: "\n").filter { $0.hasPrefix("  - ") }.map(String.init)
    }

    private func tenants(_ names: [String], _ version: String?) -> [FoundDatabase] {
        names.map { Found.database($0, .likely(className: "tenant", held: 1, of: 1, strange: 0), version: version) }
    }

    @Test func `names that follow a pattern become a glob, and master comes first`() {
        let master = Found.database("hub", .exact(className: "master", version: "0001_b"), version: "0001_b")
        #expect(
            entries(tenants(["tenant_1", "tenant_2", "tenant_31"], "0000_a") + [master]) == [
                "  - {name: hub, class: master, version: 0001_b, instance: here}",
                "  - {match: \"tenant_*\", class: tenant, version: 0000_a, instance: here}",
            ]
        )
    }

    @Test func `a glob takes in nothing that is not of the class`() {
        let stray = Found.database("tenant_x", .none)
        #expect(
            entries(tenants(["tenant_1", "tenant_2", "tenant_3"], "0000_a") + [stray])
                == ["  - {names: [tenant_1, tenant_2, tenant_3], class: tenant, version: 0000_a, instance: here}"]
        )
    }

    @Test func `databases at another version stand before the glob`() {
        #expect(
            entries(tenants(["tenant_1", "tenant_2", "tenant_3"], "0001_b") + tenants(["tenant_4"], "0000_a")) == [
                "  - {name: tenant_4, class: tenant, version: 0000_a, instance: here}",
                "  - {match: \"tenant_*\", class: tenant, version: 0001_b, instance: here}",
            ]
        )
    }

    @Test func `what no class explains is left to a person, and what runs keep aside is not mentioned`() {
        let draft = draft([
            Found.database("notes", .none), Found.database("void", .empty),
            Found.database("tenant_1__rcl_202611260700abcd", .none),
        ])
        #expect(draft.leftOut.map(\.database) == ["notes", "void"])
        #expect(draft.files.map(\.path) == ["environments/staging.yaml"])
        #expect(draft.files[0].text.contains("\ndatabases: []\n"))
    }

    @Test func `production asks for proof of who answers over a network`() throws {
        var servers = [Found.server("10.0.0.5"), Found.server("127.0.0.1", port: 5433)]
        servers.nameAll()
        let lines = try servers.map { try #require(InstanceDraft($0, role: .production)).lines.joined() }
        #expect(
            lines[0].contains("host: 10.0.0.5, port: 5432, user: postgres, dbname: postgres, sslmode: verify-full}")
        )
        #expect(!lines[1].contains("sslmode"))
    }

    @Test func `whatever strangers call their databases, the manifest is read as it was meant`() throws {
        let names = [
            "a: b", "- {x}", "\"quoted\"", "line\nbreak", "tab\t", "#not", "null", "0123", "1e3", "0x1F", "*a", "&a",
            "ä ö", "\u{202E}rtl",
            "'", "\\", "true", "{{", "!tag", "@at", "% p", "a #b", "~", "\u{7F}", "é",
        ]
        let draft = draft(
            names.enumerated().map { index, name in
                // One version each, so that each has an entry of its own.
                Found.database(
                    name,
                    .exact(className: "tenant", version: "v\(index)"),
                    version: "v\(index)",
                    owner: name
                )
            }
        )
        let root = try TemporaryRoot()
        for file in draft.files { try root.write(file) }
        let loaded = ManifestLoader.load(root: root.path)
        #expect(loaded.diagnostics.isEmpty)
        let entries = try #require(loaded.value?.environments.first?.entries)
        let read = entries.flatMap { entry -> [String] in
            guard case .names(let names) = entry.selector.value else { return [] }
            return names
        }
        // By their bytes: what Swift calls equal, a server tells apart.
        #expect(Set(read.map { Array($0.utf8) }) == Set(names.map { Array($0.utf8) }))
    }

    @Test func `a draft reads as recorded`() throws {
        let databases =
            tenants(["tenant_1", "tenant_2", "tenant_3"], "0000_a")
            + [
                Found.database("hub", .exact(className: "master", version: "0001_b"), version: "0001_b"),
                Found.database(
                    "tenant_mixed",
                    .mixture([.init(className: "tenant", tables: 3), .init(className: "master", tables: 2)]),
                    nearest: "0000_a"
                ),
                Found.database("notes", .none), Found.database("notes_2", .none), Found.database("void", .empty),
            ]
        let text = draft(databases).files.map { "== \($0.path)\n\($0.text)" }.joined()
        try expectRecorded(text, "draft.txt")
    }
}

/// A root of manifests that is gone with it.
private final class TemporaryRoot {
    let path: FilePath

    init() throws {
        var template = Array("/tmp/reconcile-draft-XXXXXX".utf8CString)
        guard let created = mkdtemp(&template) else { throw Errno(rawValue: errno) }
        path = FilePath(platformString: created)
        for name in ["environments", "manifests", "drizzle", "drizzle/tenant"] {
            mkdir(path.appending(name).string, 0o700)
        }
    }

    func write(_ file: ManifestDraft.File?) throws {
        let file = try #require(file)
        let descriptor = try FileDescriptor.open(
            path.appending(file.path),
            .writeOnly,
            options: [.create],
            permissions: .ownerReadWrite
        )
        try descriptor.closeAfter { _ = try descriptor.writeAll(file.text.utf8) }
    }

    deinit {
        for name in [
            "environments/staging.yaml", "manifests/tenant.yaml", "environments", "manifests", "drizzle/tenant",
            "drizzle", "",
        ] {
            remove(name.isEmpty ? path.string : path.appending(name).string)
        }
    }
}
