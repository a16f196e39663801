internal import FleetModel

/// The product of the examples: one master database, one tenant database for each customer, two migrations each.
package enum Estate {
    package static let master: ClassFixture = {
        let first = [
            "invitations", "organization_members", "organizations", "subscription_plans", "tenant_databases", "users",
        ]
        var fixture = ClassFixture(
            "master",
            [
                .init("0000_massive_zodiak", first.map { .createTable($0, ["id", "name"]) }),
                .init(
                    "0001_phase_17",
                    [
                        .createTable("ai_credits", ["id", "organizations_id"]),
                        .foreignKey("ai_credits", to: "organizations"),
                    ]
                ),
            ]
        )
        fixture.create = CreationOptions(owner: "rsm", encoding: "UTF8", locale: "C.UTF-8")
        fixture.initScripts = ["/root/manifests/seeds/master.sql"]
        fixture.checks = [check("every organization has an owner among its members")]
        return fixture
    }()

    package static let tenant: ClassFixture = {
        let first = [
            "audio_files", "clients", "contracts", "equipment", "expenses", "invoice_items", "invoices", "messages",
            "musicians", "notifications", "payments", "projects", "quote_items", "quotes", "rooms", "service_items",
            "sessions", "settings", "talents", "tasks", "tracks", "user_preferences", "versions", "webhooks",
        ]
        let second = [
            "client_contacts", "service_catalog", "stripe_webhook_events", "task_types", "time_entries",
            "track_comments",
        ]
        var fixture = ClassFixture(
            "tenant",
            [
                .init("0000_massive_zodiak", first.map { .createTable($0, ["id", "name", "created_at"]) }),
                .init(
                    "0001_phase_17",
                    second.map { .createTable($0, ["id", "name"]) }
                        + [.foreignKey("client_contacts", to: "clients"), .foreignKey("track_comments", to: "tracks")]
                ),
            ]
        )
        fixture.create = CreationOptions(owner: "rsm", encoding: "UTF8", locale: "C.UTF-8")
        fixture.initScripts = ["/root/manifests/seeds/tenant.sql"]
        fixture.checks = [check("has a default plan")]
        return fixture
    }()

    private static func check(_ name: String) -> DatabaseCheck {
        DatabaseCheck(name: name, sql: "SELECT true", range: .beginning(of: "manifests/test.yaml"))
    }

    /// Tables of both classes in one database, as the audit found `tenant_1`.
    package static let mixed: Schema = {
        var schema = tenant.schema(after: 0..<1)
        for (object, definition) in master.schema(after: 0..<1).objects { schema.set(object, definition) }
        return schema
    }()

    /// Twelve customers and the master, healthy, one migration behind.
    package static var production: Fleet {
        var fleet = Fleet("production", role: .production, classes: [master, tenant])
        let tenants =
            ["2", "3", "7", "8", "9", "10", "11", "12", "org_1", "org_3", "org_6", "superadmin"].map { "tenant_\($0)" }
        fleet.instance(
            "vps-docker",
            identifier: "7400000000000000001",
            databases: [.at(1, of: master, named: "rsm_master", filled: ["users", "organizations"], oid: 16_385)]
                + tenants.enumerated().map { index, name in
                    .at(1, of: tenant, named: name, filled: ["clients", "tracks"], oid: UInt32(16_400 + index))
                }
        )
        fleet.entry(.names(["rsm_master"]), "master", version: "0001_phase_17", on: "vps-docker")
        fleet.entry(.match("tenant_*"), "tenant", version: "0001_phase_17", on: "vps-docker")
        return fleet
    }

    /// Two servers on a laptop: a master without two tables and without history, another one empty, mixed tenants.
    package static var development: Fleet {
        var fleet = Fleet("development", role: .development, classes: [master, tenant])
        var incomplete = master.schema(after: 0..<1)
        _ = incomplete.run(.dropTable("subscription_plans"))
        fleet.instance(
            "local-native",
            identifier: "7400000000000000002",
            major: 17,
            databases: [
                .holding(incomplete, named: "rsm_master", history: nil, filled: ["users"]),
                .holding(mixed, named: "tenant_1", history: nil, filled: ["users", "clients"]),
                .at(1, of: tenant, named: "tenant_2", filled: ["clients"]),
                .holding(tenant.schema(after: 0..<1), named: "tenant_3", history: nil, filled: ["clients"]),
                .at(2, of: tenant, named: "tenant_4", filled: ["clients"]),
                .at(0, of: tenant, named: "scribble"),
            ]
        )
        fleet.instance(
            "local-docker",
            identifier: "7400000000000000003",
            databases: [
                .holding(Schema(), named: "rsm_master", history: nil),
                .holding(mixed, named: "tenant_1", history: nil, filled: ["clients"]),
            ]
        )
        fleet.entry(.names(["rsm_master"]), "master", on: "local-native")
        fleet.entry(.names(["tenant_1", "tenant_2", "tenant_3", "tenant_4"]), "tenant", on: "local-native")
        fleet.entry(.names(["rsm_master"]), "master", on: "local-docker")
        fleet.entry(.names(["tenant_1", "tenant_3"]), "tenant", on: "local-docker")
        return fleet
    }

    package static var testing: Fleet {
        var fleet = Fleet("testing", role: .testing, classes: [master, tenant])
        fleet.instance("vps-native", identifier: "7400000000000000004", major: 18)
        fleet.entry(.names(["rsm_master"]), "master", on: "vps-native")
        fleet.entry(.names(["tenant_e2e", "tenant_smoke"]), "tenant", on: "vps-native")
        return fleet
    }
}
