import Discovery
import FleetModel
import Reports
import Testing

@Suite struct ReportTests {
    private static var report: DiscoveryReport {
        var servers = [
            Found.server(
                "/var/run/postgresql",
                databases: [
                    Found.database("hub", .exact(className: "master", version: "0001_b"), version: "0001_b"),
                    Found.database(
                        "tenant_1",
                        .mixture([.init(className: "tenant", tables: 23), .init(className: "master", tables: 6)])
                    ),
                    Found.database("void", .empty),
                    Found.database("\u{1B}[2J\nevil", .none),
                ]
            ),
            Found.unreached("/tmp"),
        ]
        servers[0].addresses.append(ServerAddress(hops: [], host: "127.0.0.1", port: 5432))
        servers.nameAll()
        servers[0].declaredAs = "production/main"
        return DiscoveryReport(servers: servers, unseen: ["containers: permission denied \u{1B}]0;x"])
    }

    @Test func `what was found reads as recorded`() throws {
        try expectRecorded(Self.report.rendered(width: 100, style: .plain), "report.txt")
    }

    @Test func `its document is as recorded`() throws {
        try expectRecorded(Self.report.document.text + "\n", "report.json")
    }
}
