internal import FleetModel
internal import Postgres

/// What drizzle 1.0 does to a history table that an older drizzle made, before it writes to it.
///
/// As in drizzle-orm's `src/up-migrations/pg.ts` (branch beta): two columns more, each row is given the name of its folder,
/// and `applied_at` stays empty in the rows that are there, since nobody noted when they were written.
struct DrizzleUpgrade {
    private let table: SQL
    private let migrations: [Migration]

    init(schema: String, table: String, folder: MigrationFolder) {
        self.table = "\(schema: schema, name: table)"
        migrations = folder.migrations
    }

    /// The default is set after the column is there: so the rows get none, and nothing is rewritten.
    var columns: SQL {
        """
        ALTER TABLE \(table) ADD COLUMN IF NOT EXISTS "name" text, \
        ADD COLUMN IF NOT EXISTS "applied_at" timestamp with time zone, \
        ALTER COLUMN "applied_at" SET DEFAULT now()
        """
    }

    /// Names the rows that have no name, by drizzle's own rule; `DrizzleMatching` has it in words.
    var names: SQL {
        let shared = Dictionary(grouping: migrations.compactMap(\.when)) { $0 }.filter { $1.count > 1 }
        let last = Dictionary(migrations.indices.map { (migrations[$0].sha256, $0) }) { $1 }
        let values = migrations.enumerated().map { position, migration -> SQL in
            let when = migration.when ?? 0
            return """
                (\(literal: migration.tag), \(when), \(literal: migration.sha256), \
                \(shared[when] == nil ? "true" : "false"), \(last[migration.sha256] == position ? "true" : "false"))
                """
        }
        let seconds = SQL(joining: Set(migrations.compactMap(\.when)).sorted().map { SQL("\($0)") })
        return """
            UPDATE \(table) AS h SET "name" = m.name \
            FROM (VALUES \(SQL(joining: values))) AS m (name, second, hash, alone, last) \
            WHERE h."name" IS NULL AND CASE WHEN h.created_at / 1000 * 1000 = ANY (ARRAY[\(seconds)]) \
            THEN h.created_at / 1000 * 1000 = m.second AND (m.alone OR m.hash = h.hash) \
            ELSE m.hash = h.hash AND m.last END
            """
    }

    /// Both where they are owed: who may only insert needs no more than that on a table that is up to date.
    var guarded: SQL {
        let body: SQL = """
            BEGIN
            IF NOT EXISTS (SELECT FROM pg_catalog.pg_attribute WHERE attrelid = \(literal: table.text)::regclass
                AND attname = 'name' AND NOT attisdropped) THEN
            \(columns);
            END IF;
            IF EXISTS (SELECT FROM \(table) WHERE "name" IS NULL) THEN
            \(names);
            END IF;
            END
            """
        // As a literal: a folder's name could hold any mark in dollars.
        return "DO \(literal: body.text)"
    }

    /// What of it the plan shows for these rows.
    func owed(by rows: [DrizzleRow]) -> [String] {
        guard rows.contains(where: { $0.name?.isEmpty ?? true }) else { return [] }
        return (rows.contains { $0.name == nil } ? [columns.text] : []) + [names.text]
    }
}
