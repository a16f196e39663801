internal import Effects
package import FleetModel
internal import Glibc
package import Servers

extension PostgresPrograms {
    /// The client tools to dump and restore a server of `major` with.
    ///
    /// The same major where there is one, its newest minor: a newer `pg_restore` sets what an older server does not know
    /// (`transaction_timeout`). Else the oldest newer one: `pg_dump` refuses servers newer than itself.
    package static func clients(among all: [PostgresPrograms], forMajor major: Int) throws(BackupError)
        -> PostgresPrograms
    {
        let whole = all.filter { programs in
            ["pg_dump", "pg_restore"].allSatisfy { access(programs.path($0), X_OK) == 0 }
        }
        let same = whole.filter { $0.version.major == major }.max { $0.version < $1.version }
        let newer = whole.filter { $0.version.major > major }.min { $0.version.major < $1.version.major }
        guard let found = same ?? newer else { throw .noPrograms(major: major, what: "pg_dump and pg_restore") }
        return found
    }

    /// Whether these client tools have holes through which a hostile database or dump reaches this machine.
    package var clientsHaveKnownHoles: Bool { ClientTools.fitness(of: version) != .fit }

    /// As `clients`, and of one installation: `pg_restore` is asked for its version, too.
    ///
    /// In production such with known holes are refused. Elsewhere that is a warning, `ClientTools.warning`.
    ///
    /// - Throws: `BackupError`, or `ApplyError` for what an environment of this role does not use.
    package static func sound(
        among all: [PostgresPrograms],
        forMajor major: Int,
        for role: EnvironmentRole
    ) async throws -> PostgresPrograms {
        let found = try clients(among: all, forMajor: major)
        if role == .production { try requireSound(found.version, "in \(found.folder)") }
        let asked = try await Command(found.path("pg_restore"), ["--version"], timeLimit: .seconds(30)).run()
        guard asked.status == 0, let version = ServerVersion(parsing: asked.outputText), version == found.version else {
            throw BackupError.program(
                name: "pg_restore",
                reason: "\(found.path("pg_restore")) is not version \(found.version) as the pg_dump beside it: "
                    + "name the folder of one installation with --pg-bin"
            )
        }
        return found
    }

    /// Refuses versions with known holes.
    static func requireSound(_ version: ServerVersion, _ place: String) throws {
        guard ClientTools.fitness(of: version) != .fit else { return }
        throw ApplyError.failed(
            "the client tools \(place) are version \(version), which has known security holes; "
                + "production is backed up and restored with mended ones only: "
                + "install the newest minor version, or name others with --pg-bin"
        )
    }
}
