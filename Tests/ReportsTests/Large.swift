import FleetFixtures
import FleetModel
import Planning

/// Fleets that fit no screen.
enum Large {
    /// A thousand databases in a few states.
    static let fleet: Plan = {
        var fleet = Fleet("production", role: .production, classes: [Estate.master, Estate.tenant])
        var drifted = Estate.tenant.schema(after: 0..<2)
        drifted.set(.column("clients", "name"), "varchar(80)")
        let databases = (1...1000).map { number -> ObservedDatabase in
            let name = "tenant_\(number)"
            let oid = UInt32(20_000 + number)
            let tags = Estate.tenant.files.map(\.tag)
            return switch number {
            case 7, 500, 993: .holding(drifted, named: name, history: tags, oid: oid)
            case ...600: .at(2, of: Estate.tenant, named: name, oid: oid, mark: .done)
            default: .at(1, of: Estate.tenant, named: name, filled: ["clients"], oid: oid)
            }
        }
        fleet.instance("one", databases: databases)
        fleet.entry(.match("tenant_*"), "tenant", on: "one")
        return plan(fleet)
    }()

    /// Four hundred databases, each in a state of its own.
    static let scattered: Plan = {
        var fleet = Fleet("production", role: .testing, classes: [Estate.master, Estate.tenant])
        let databases = (1...400).map { number in
            var schema = Estate.tenant.schema(after: 0..<1)
            schema.set(.column("clients", "extra_\(number)"), "text")
            return ObservedDatabase.holding(
                schema,
                named: "tenant_\(number)",
                history: ["0000_massive_zodiak"],
                filled: ["clients"],
                oid: UInt32(20_000 + number)
            )
        }
        fleet.instance("one", databases: databases)
        fleet.entry(.match("tenant_*"), "tenant", on: "one")
        return plan(fleet)
    }()

    private static func plan(_ fleet: Fleet) -> Plan {
        Plan(toolVersion: "0.1.0", createdAt: 1_768_521_600, gitCommit: nil, environments: [fleet.plan()])
    }
}
