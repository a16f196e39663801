package import FleetModel
package import Postgres

/// Where an instance is reached, its secret read.
package enum InstanceTarget {
    /// - Throws: `SecretError`, `HopsNotSupported`.
    /// - Parameter warn: is told what is wrong but not refused.
    package static func of(
        _ instance: Instance, role: EnvironmentRole, warn: (String) -> Void = { _ in }
    ) async throws -> ConnectionTarget {
        guard instance.via.isEmpty else { throw HopsNotSupported() }
        var secret: Secret?
        if let source = instance.password {
            let read = try await SecretReader.read(source.value, role: role)
            secret = read.secret
            if let warning = read.warning { warn(warning) }
        }
        return ConnectionTarget(
            parameters: instance.connection.map { ($0.keyword, $0.value) }, database: instance.maintenanceDatabase,
            password: secret)
    }
}

/// The instance lies behind hops, which this version cannot take.
package struct HopsNotSupported: Error, CustomStringConvertible {
    package var description: String { "it lies behind hops (`via`), which this version does not take yet" }
}
