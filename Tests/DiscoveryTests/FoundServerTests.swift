import Discovery
import FleetModel
import Testing

@Suite struct FoundServerTests {
    @Test func `a server reached in two ways is one, a clone of it is another`() {
        let servers = FoundServer.merged([
            Found.server("/run/a"), Found.server("127.0.0.1", port: 5433),
            Found.server("/run/b", startedAt: "2026-11-26 08:00:00+00"), Found.server("/run/c", identifier: "2"),
        ])
        #expect(servers.map { $0.addresses.map(\.host) } == [["/run/a", "127.0.0.1"], ["/run/b"], ["/run/c"]])
    }

    @Test func `a port that lets nobody in goes with the one socket of its user and number`() {
        let merged = FoundServer.merged([
            Found.unreached("/run/a"), Found.unreached("/run/b", port: 5433), Found.unreached("127.0.0.1"),
            Found.unreached("127.0.0.1", port: 5433, owner: 7),
        ])
        #expect(
            merged.map { $0.addresses.map(\.description) } == [
                ["/run/a/.s.PGSQL.5432", "127.0.0.1:5432"], ["/run/b/.s.PGSQL.5433"], ["127.0.0.1:5433"],
            ]
        )
        let ambiguous = FoundServer.merged([
            Found.unreached("/run/a"), Found.unreached("/run/b"), Found.unreached("127.0.0.1"),
        ])
        #expect(ambiguous.count == 3)
    }

    @Test func `names tell servers apart`() {
        var servers = [
            Found.server("/var/run/postgresql"), Found.server("/tmp/shop 1"),
            Found.server("127.0.0.1", identifier: "2"),
            Found.server(
                "127.0.0.1",
                hops: [.ssh(SSHHop(destination: "root@vps")), .docker(container: "rsm-postgres")]
            ),
            Found.server("/srv/vps-x", hops: [.ssh(SSHHop(destination: "root@vps"))]),
        ]
        servers.nameAll()
        #expect(servers.map(\.name) == ["local-5432", "shop-1", "local-5432-2", "vps-rsm-postgres", "vps-x"])
    }
}

@Suite struct LikenessTests {
    private static func tables(_ names: String...) -> [TableName] { names.map { TableName(name: $0) } }

    private let classes = [
        ClassShape(
            name: "master",
            tables: Set(tables("users", "plans", "settings")),
            newest: Set(tables("users", "plans", "settings"))
        ),
        ClassShape(
            name: "tenant",
            tables: Set(tables("clients", "invoices", "settings")),
            newest: Set(tables("clients", "invoices", "settings")),
            states: [
                15: [
                    .init(version: "0000_start", fingerprint: Fingerprint(of: "a"), tables: Set(tables("clients"))),
                    .init(
                        version: "0001_more",
                        fingerprint: Fingerprint(of: "b"),
                        tables: Set(tables("clients", "invoices", "settings"))
                    ),
                ]
            ]
        ),
    ]

    private func likeness(_ names: [String], _ fingerprint: String = "", major: Int = 15) -> Likeness {
        Likeness(
            tables: names.map { TableName(name: $0) },
            fingerprint: Fingerprint(of: fingerprint),
            major: major,
            classes: classes
        )
    }

    @Test func `a schema that is a version's is of it, on that major alone`() {
        #expect(likeness(["clients"], "a") == .exact(className: "tenant", version: "0000_start"))
        #expect(likeness(["clients"], "a", major: 16).className == "tenant")
        #expect(likeness(["clients"], "a", major: 16) != .exact(className: "tenant", version: "0000_start"))
    }

    @Test func `a database is of the class whose tables it holds`() {
        #expect(
            likeness(["clients", "settings", "notes"]) == .likely(className: "tenant", held: 2, of: 3, strange: 1)
        )
        #expect(likeness(["notes"]) == .none)
        #expect(likeness([]) == .empty)
    }

    @Test func `a mixture says so, the larger share first`() {
        #expect(
            likeness(["users", "clients", "invoices", "settings"])
                == .mixture([.init(className: "tenant", tables: 2), .init(className: "master", tables: 1)])
        )
        // What two classes share mixes nothing.
        #expect(likeness(["users", "settings"]).className == "master")
    }

    @Test func `the nearest version is the one whose tables differ least`() {
        #expect(classes[1].nearest(to: Self.tables("clients", "users")) == "0000_start")
        #expect(classes[1].nearest(to: Self.tables("clients", "invoices")) == "0001_more")
    }
}
