internal import FleetModel
internal import Postgres

/// User-defined code that may write rows, as far as its text tells.
///
/// What such code does depends on the rows it finds, and there are none on scratch: a statement that reaches it has
/// effects that cannot be told.
struct Procedures {
    /// Names by function.
    private(set) var writers: [UInt32: String] = [:]
    /// The writing function of a row-level trigger, by table or view.
    private(set) var rowTriggers: [UInt32: String] = [:]
    /// Names of those writers that a statement can call; trigger functions it cannot.
    private(set) var callable: Set<String> = []

    static func read(in session: Session) async throws(PostgresError) -> Procedures {
        let answers = try await session.run(question, label: "procedures").compactMap(\.rows)
        guard answers.count == 2 else { throw .unexpectedAnswer("the functions were not listed") }
        return Procedures(functions: answers[0], triggers: answers[1])
    }

    private init(functions: Rows, triggers: Rows) {
        let all = functions.compactMap(Function.init)
        // A function that calls a writing one writes; each round finds at least one more, or is the last.
        var found = -1
        while found < writers.count {
            found = writers.count
            for function in all where writers[function.oid] == nil {
                guard !function.isReadable || function.words.writing(callable) != nil else { continue }
                writers[function.oid] = function.name
                if !function.isTrigger { callable.insert(function.name) }
            }
        }
        for row in triggers {
            if let table = row.oid(0), let name = row.oid(1).flatMap({ writers[$0] }) { rowTriggers[table] = name }
        }
    }

    private struct Function {
        var oid: UInt32
        var name: String
        var isReadable: Bool
        var isTrigger: Bool
        var words: WrittenWords

        init?(_ row: [String?]) {
            guard let oid = row.oid(0), let name = row[1] else { return nil }
            self.oid = oid
            self.name = name
            isReadable = row[2] == "plpgsql" || row[2] == "sql"
            isTrigger = row[4] == "t"
            words = WrittenWords(row[3] ?? "")
        }
    }

    private static let question: SQL = """
        SELECT p.oid, p.proname, l.lanname, coalesce(pg_catalog.pg_get_function_sqlbody(p.oid), p.prosrc),
            p.prorettype IN ('trigger'::pg_catalog.regtype, 'event_trigger'::pg_catalog.regtype)
            FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_language l ON l.oid = p.prolang
            WHERE p.oid >= 16384 AND p.prokind IN ('f', 'p') AND l.lanname NOT IN ('internal', 'c')
            AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
                AND d.objid = p.oid AND d.deptype = 'e');
        SELECT tgrelid, tgfoid FROM pg_catalog.pg_trigger WHERE tgrelid >= 16384 AND NOT tgisinternal
            AND (tgtype OPERATOR(pg_catalog.&) 1::pg_catalog.int2) = 1::pg_catalog.int2 AND tgenabled <> 'D'
        """
}
