package import FleetModel

/// PostgreSQL's client programs to use on a server, and whether they are fit.
package struct ClientTools: Sendable, Hashable {
    package var programs: PostgresPrograms
    package var fitness: Fitness

    package init(programs: PostgresPrograms, fitness: Fitness) {
        self.programs = programs
        self.fitness = fitness
    }

    package enum Fitness: Sendable, Hashable {
        case fit
        /// Its version has known holes, closed in `fixed`: a warning, in production a refusal.
        case vulnerable(fixed: ServerVersion)
        /// Its major is no longer mended: as `vulnerable`, and no minor would do.
        case unsupported
    }

    /// The newest installed whose major is the server's or newer: `pg_dump` refuses a server newer than itself.
    ///
    /// A fit one goes before an unfit one of a newer major.
    /// - Returns: nil where none is new enough.
    package static func choose(from installed: [PostgresPrograms], server: ServerVersion) -> ClientTools? {
        installed.filter { $0.version.major >= server.major }
            .map { ClientTools(programs: $0, fitness: fitness(of: $0.version)) }
            .max { left, right in
                if left.isFit != right.isFit { return right.isFit }
                return left.programs.version < right.programs.version
            }
    }

    package var isFit: Bool { fitness == .fit }

    /// What to say of it, and what to do; nil where it is fit.
    package var warning: String? {
        let named = "the client programs in \(programs.folder) (\(programs.version))"
        return switch fitness {
        case .fit: nil
        case .vulnerable(let fixed):
            "\(named) have known security holes: install \(fixed) or newer, or name others with --pg-bin"
        case .unsupported: "\(named) are of a major that is no longer mended: name newer ones with --pg-bin"
        }
    }

    /// Judges a version of `psql`, `pg_dump` and `pg_restore`.
    ///
    /// Older ones let a dump or a server run code: CVE-2024-7348, CVE-2025-1094, CVE-2025-8714, CVE-2025-8715,
    /// CVE-2026-6464, CVE-2026-18408, CVE-2026-15741. See <https://www.postgresql.org/support/security/>.
    package static func fitness(of version: ServerVersion) -> Fitness {
        guard version.major >= 14 else { return .unsupported }
        guard let fixed = firstSound[version.major], version < fixed else { return .fit }
        return .vulnerable(fixed: fixed)
    }

    private static let firstSound: [Int: ServerVersion] = [
        14: ServerVersion(number: 14_0024), 15: ServerVersion(number: 15_0019), 16: ServerVersion(number: 16_0015),
        17: ServerVersion(number: 17_0011), 18: ServerVersion(number: 18_0006),
    ]
}
