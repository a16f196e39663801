internal import FleetModel

/// Environments in which most of what can go wrong has.
package enum Difficult {
    private static let tenant: ClassFixture = {
        var fixture = Estate.tenant
        fixture.files.append(
            .init(
                "0002_tidy",
                [
                    .addColumn("clients", "region"), .index("sessions", "sessions_created_at_idx"),
                    .changeType("invoices", "name", "varchar(40)"), .dropColumn("clients", "name"),
                    .delete("notifications"), .dropTable("webhooks"),
                ]
            )
        )
        fixture.files.append(
            .init("0003_search", [.indexConcurrently("clients", "clients_search_idx")], isTransactional: false)
        )
        return fixture
    }()

    private static let filled = ["clients", "sessions", "invoices", "notifications", "users"]

    package static var production: Fleet {
        var fleet = Fleet("production", role: .production, classes: [Estate.master, tenant])
        var drifted = tenant.schema(after: 0..<2)
        drifted.set(.column("clients", "name"), "varchar(80)")
        drifted.set(.index("clients_by_hand"), "index")
        _ = drifted.run(.dropTable("rooms"))
        fleet.instance(
            "vps-docker",
            identifier: "7400000000000000001",
            databases: [
                .at(2, of: Estate.master, named: "rsm_master", filled: filled),
                .at(2, of: tenant, named: "tenant_1", filled: filled),
                .at(2, of: tenant, named: "tenant_2", filled: filled),
                .at(2, of: tenant, named: "tenant_3"),
                .holding(Estate.mixed, named: "tenant_4", history: nil, filled: filled),
                .holding(drifted, named: "tenant_5", history: tenant.files.prefix(2).map(\.tag), filled: filled),
                .opaque(named: "tenant_6", reason: "FATAL:  permission denied for database \"tenant_6\""),
                .at(2, of: tenant, named: "tenant_1__rcl_20260110", filled: filled),
                .at(0, of: tenant, named: "old stuff"),
            ]
        )
        fleet.instance("vps-native", unreachable: "ssh vps: connection timed out")
        fleet.entry(.names(["rsm_master"]), "master", on: "vps-docker")
        fleet.entry(.match("tenant_*"), "tenant", on: "vps-docker")
        fleet.entry(.names(["tenant_eu"]), "tenant", on: "vps-native")
        return fleet
    }

    package static var staging: Fleet {
        var fleet = Fleet("staging", role: .staging, classes: [Estate.master, Estate.tenant])
        fleet.policy.unmanaged = .drop
        fleet.instance(
            "stage",
            identifier: "7400000000000000009",
            major: 16,
            databases: [
                .holding(Estate.mixed, named: "tenant_1", history: nil, filled: filled),
                .at(1, of: Estate.tenant, named: "leftover"),
            ]
        )
        fleet.entry(.names(["tenant_1"]), "tenant", on: "stage")
        return fleet
    }
}
