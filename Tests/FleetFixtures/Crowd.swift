internal import FleetModel

/// A fleet as large as they get: most of it as it should be, the odd ones among it.
package enum Crowd {
    package static func production(of count: Int) -> Fleet {
        var fleet = Fleet("production", role: .production, classes: [Estate.master, Estate.tenant])
        var drifted = Estate.tenant.schema(after: 0..<2)
        drifted.set(.column("clients", "name"), "varchar(80)")
        let tags = Estate.tenant.files.map(\.tag)
        let digits = String(count).count
        for (place, instance) in ["eu-1", "us-1"].enumerated() {
            var databases: [ObservedDatabase] = []
            for number in 1...count where number % 2 == place {
                let text = String(number)
                let name = "tenant_" + String(repeating: "0", count: digits - text.count) + text
                switch number % 100 {
                case 17: databases.append(.at(1, of: Estate.tenant, named: name, filled: ["clients"]))
                case 42: databases.append(.holding(drifted, named: name, history: tags, filled: ["clients"]))
                case 71: databases.append(.holding(Estate.mixed, named: name, history: nil, filled: ["clients"]))
                case 88: databases.append(.opaque(named: name, reason: "permission denied for database \"\(name)\""))
                default: databases.append(.at(2, of: Estate.tenant, named: name, filled: ["clients"]))
                }
            }
            fleet.instance(instance, identifier: "740000000000000001\(place)", databases: databases)
            fleet.entry(.match("tenant_*"), "tenant", on: instance)
        }
        return fleet
    }
}
