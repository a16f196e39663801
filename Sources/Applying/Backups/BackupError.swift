package import FleetModel
package import Postgres

/// Why a backup could not be taken, trusted or restored.
package enum BackupError: Error, Sendable {
    /// Foreseen before anything was written.
    case notEnoughSpace(folder: String, needed: Int64, available: Int64)
    /// The disk filled while writing; what was written is gone or still called `*.partial`.
    case diskFull(path: String)
    case file(path: String, what: String, reason: String)
    case exists(path: String)
    case receipt(path: String, reason: String)
    case archive(path: String, ArchiveDamage)
    case program(name: String, reason: String)
    /// No programs of this major, or newer ones, are installed.
    case noPrograms(major: Int, what: String)
    case server(PostgresError)
    /// A measurement that is not what it must be, so nothing may be concluded from it.
    case measurement(String)
    /// The restored copy is not what was backed up.
    case differs([ContentDifference])
    case rowsChangedSinceBackup(TableName)
    /// Another database than the one the receipt describes, or not in the state a comparison needs.
    case wrongDatabase(reason: String)
    case rolesMissing([String])
    case extensionMissing(String)
    /// Objects that only a superuser can restore; nothing of a backup is ever restored as one.
    case needsSuperuser([String])
    case cannotLogIn(role: String, reason: String)
}

/// What is wrong with an archive.
package enum ArchiveDamage: Sendable, Hashable {
    case missing
    case size(expected: Int64, found: Int64)
    case checksum
    /// `pg_restore` could not read it to its end.
    case unreadable(String)
}

extension BackupError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .notEnoughSpace(let folder, let needed, let available):
            "not enough space in \(folder): \(megabytes(needed)) needed, \(megabytes(available)) free"
        case .diskFull(let path): "the disk is full: \(path) could not be written"
        case .file(let path, let what, let reason): "cannot \(what) \(path): \(reason)"
        case .exists(let path): "\(path) exists already; a backup never replaces another"
        case .receipt(let path, let reason): "\(path) is not a receipt: \(reason)"
        case .archive(let path, let damage): "the archive \(path) \(damage)"
        case .program(let name, let reason): "\(name) failed: \(reason)"
        case .noPrograms(let major, let what): "no \(what) of PostgreSQL \(major) on this machine"
        case .server(let error): "\(error)"
        case .measurement(let reason): "the content could not be measured: \(reason)"
        case .differs(let differences):
            "the restored copy differs from the database: "
                + differences.prefix(5).map(\.description).joined(separator: "; ")
                + (differences.count > 5 ? " and \(differences.count - 5) more" : "")
        case .rowsChangedSinceBackup(let table):
            "rows of \"\(table)\" changed after the backup was taken: nothing was destroyed; run again for a new backup"
        case .wrongDatabase(let reason): reason
        case .rolesMissing(let roles): "roles are missing: \(roles.map { "\"\($0)\"" }.joined(separator: ", "))"
        case .extensionMissing(let name): "the extension \"\(name)\" is not installed on the server"
        case .needsSuperuser(let objects):
            "only a superuser could restore \(objects.joined(separator: ", ")), and a backup is never restored as one"
        case .cannotLogIn(let role, let reason): "cannot log in as \"\(role)\" to restore: \(reason)"
        }
    }
}

extension ArchiveDamage: CustomStringConvertible {
    package var description: String {
        switch self {
        case .missing: "is missing"
        case .size(let expected, let found): "has \(found) bytes instead of \(expected)"
        case .checksum: "is not what was written: its SHA-256 differs from the receipt's"
        case .unreadable(let reason): "cannot be read to its end: \(reason)"
        }
    }
}

private func megabytes(_ bytes: Int64) -> String { "\((bytes + 1_048_575) / 1_048_576) MB" }

extension Session {
    /// As `run`, its failure as a backup's.
    @discardableResult
    func ask(_ sql: SQL, label: String) async throws(BackupError) -> [Answer] {
        do throws(PostgresError) {
            return try await run(sql, label: label)
        } catch {
            throw .server(error)
        }
    }
}
