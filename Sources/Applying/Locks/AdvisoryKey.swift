internal import FleetModel
internal import Postgres

/// A key of PostgreSQL's advisory locks: 64 bits of a digest, so that no two meanings meet by chance.
///
/// Advisory locks belong to one database, a session may hold them beyond transactions, and they end with the session:
/// <https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS>.
struct AdvisoryKey: Sendable, Hashable {
    let value: Int64

    private init(_ meaning: String) {
        value = Int64(bitPattern: UInt64(Fingerprint(of: "reconcile/" + meaning).hex.prefix(16), radix: 16) ?? 0)
    }

    /// One run at a time per environment; taken in the maintenance database of each of its instances.
    static func environment(_ name: String) -> AdvisoryKey { AdvisoryKey("environment/" + name) }
    /// Taken in each database by the very session that works on it.
    static let database = AdvisoryKey("database")
    /// Held for moments while our own schema is made.
    static let ownSchema = AdvisoryKey("own-schema")

    /// How `pg_locks` shows it: the key's halves as `classid` and `objid`, and 1 as `objsubid`.
    var inLocksView: SQL {
        let bits = UInt64(bitPattern: value)
        return """
            locktype = 'advisory' AND granted AND classid = \(bits >> 32) AND objid = \(bits & 0xFFFF_FFFF) \
            AND objsubid = 1
            """
    }
}
