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

    /// A server with a thousand databases, most of them just as a migration makes them.
    private static var crowd: DiscoveryReport {
        let databases = (1...1000).map { number -> FoundDatabase in
            let name = "tenant_\(number)"
            if number % 250 == 3 { return Found.database(name, .none) }
            if number % 50 == 7 {
                return Found.database(
                    name,
                    .mixture([.init(className: "tenant", tables: 23), .init(className: "master", tables: 6)])
                )
            }
            if number % 40 == 9 {
                return Found.database(name, .exact(className: "tenant", version: "0000_a"), version: "0000_a")
            }
            return Found.database(name, .exact(className: "tenant", version: "0001_b"), version: "0001_b")
        }
        var servers = [Found.server("/var/run/postgresql", databases: databases)]
        servers.nameAll()
        return DiscoveryReport(servers: servers, unseen: [])
    }

    @Test func `a thousand databases fit a screen, and with all of them shown are all there`() throws {
        let text = Self.crowd.rendered(width: 80, style: .plain)
        try expectRecorded(text, "report-1000.txt")
        // What is to be copied into a manifest is not broken.
        for line in text.split(separator: "\n") where !line.contains("connection:") {
            #expect(TerminalText.columns(of: String(line)) <= 80, "\(line)")
        }
        let whole = Self.crowd.rendered(width: 80, style: .plain, detail: .whole)
        for number in 1...1000 { #expect(whole.contains(" tenant_\(number) ")) }
    }

    @Test func `databases that are left to a person are folded by reason`() {
        let draft = ManifestDraft(
            servers: Self.crowd.servers.map { ($0, .development) },
            classes: [],
            passwordVariable: nil
        )
        #expect(draft.leftOut.count == 1000)
        let lines = LeftOutText(draft.leftOut).lines(.folded)
        #expect(lines.count < 10, "\(lines)")
        #expect(lines.contains { $0.contains(" databases of ") && $0.hasSuffix(" more") }, "\(lines)")
        #expect(LeftOutText(draft.leftOut).lines(.whole).count == 1000)
    }
}
