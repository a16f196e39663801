import Effects
import FleetModel
import Servers
import Testing
import TestSupport

/// What every sweep holds against the contract, whatever broke the run.
extension SweepTemplate {
    /// How a broken run ended: a status of the contract, and where it is not done, words and a command to go on with.
    ///
    /// A run that says it is done must have done all of it: what one whole run leaves is there already.
    func checkEnding(_ run: CommandResult, _ root: ScenarioRoot, _ what: String) async throws {
        let said = "\(what)\nit ended with \(run.status) and said: \(run.errors)\(run.outputText.suffix(400))"
        guard [0, 1, 4, 5].contains(run.status) else {
            Issue.record("a status that the contract does not have for it: \(said)")
            return
        }
        guard run.status != 0 else { return try await compareAnswers(root, said) }
        #expect(run.errors.contains(/reconcile: |✗ |- .*not attempted/), "nobody is told what happened: \(said)")
        #expect(run.errors.contains(/run apply again|reconcile (apply|unlock|plan)\b/), "no command to go on: \(said)")
        #expect(!run.errors.contains("Fatal error"), "\(said)")
        try await checkAcknowledged(run, root, said)
    }

    /// What a run said was finished is there: its steps stand in the journal, a converged database is converged.
    private func checkAcknowledged(_ run: CommandResult, _ root: ScenarioRoot, _ said: String) async throws {
        let steps = run.errors.matches(of: /(?m)^  main\/(\w+): .* \([^()]*s\)$/).map { String($0.1) }
        if !steps.isEmpty, let id = run.errors.firstMatch(of: /locked, run (\w+)/)?.1 {
            let kept = try await root.server.value(
                "SELECT database FROM reconcile.steps WHERE run_id = '\(id)' AND state = 'finished'"
            ).split(separator: "; ").map(String.init)
            for name in Set(steps) {
                let (told, found) = (steps.count { $0 == name }, kept.count { $0 == name })
                #expect(found >= told, "\(name): \(told) steps were called finished, the journal has \(found): \(said)")
            }
        }
        let converged = run.errors.matches(of: /✓ main\/(\w+): converged/).map { String($0.1) }
        guard !converged.isEmpty else { return }
        let inventory = try await root.reconcile("inventory", "here", "--format", "json")
        let document = try JSONValue(parsing: inventory.output.dropLast())
        for database in document["environments"]?.elements.first?["databases"]?.elements ?? [] {
            guard let name = database["name"]?.string, converged.contains(name) else { continue }
            #expect(database["status"]?.string == "converged", "\(name) was called converged and is not: \(said)")
        }
    }

    /// What one whole run leaves, question by question.
    func compareAnswers(_ root: ScenarioRoot, _ said: String) async throws {
        let isSwept = scenario.text("sweep.sql") != nil
        guard let questions = Files.text("\(root.folder.path)/\(isSwept ? "sweep.sql" : "after.sql")") else { return }
        let found = try await root.server.psql(questions)
        #expect(found.status == 0, "\(said)\n\(found.errors)")
        let answers = isSwept ? found.outputText : root.comparable(found.outputText)
        try Recorded.compare(answers, with: "\(scenario.path)/expected-\(isSwept ? "sweep" : "after").txt", said)
    }

    /// Nothing of a broken run is left once the next has completed it.
    func checkLeftovers(_ root: ScenarioRoot, _ said: String, isOver: Bool = true) async throws {
        let names = try await Self.databases(root.server)
        let asked = names.map { "\\connect \"\($0.replacing("\"", with: "\"\""))\"\n\(Self.leftInDatabase)" }
        let found = try await root.server.psql(asked.joined() + "\\connect postgres\n\(Self.leftOnServer)")
        #expect(found.status == 0, "\(said)\n\(found.errors)")
        let left = found.outputText.split(separator: "\n").filter { isOver || !$0.hasPrefix("session ") }
        #expect(left == [], "\(said)")
        let files = Files.all(below: "\(root.folder.path)/.reconcile").filter { $0.contains("partial") }
        #expect(files == [] || !isOver, "\(said)")
        let benches = Files.names(in: "\(root.folder.path)/.reconcile/backups/.scratch") ?? []
        #expect(benches == [] || !isOver, "\(said)")
        for (name, hash) in bystanders {
            #expect(try await Self.hash(name, root.server) == hash, "\"\(name)\" was touched: \(said)")
        }
    }

    /// Databases that nobody claims, each with a hash of all that is in it.
    static func bystanders(_ root: ScenarioRoot) async throws -> [String: String] {
        let claimed = Set(try await root.claimed().map(\.name))
        var hashes: [String: String] = [:]
        for name in try await databases(root.server) where name != "postgres" && !claimed.contains(name) {
            hashes[name] = try await hash(name, root.server)
        }
        return hashes
    }

    private static func databases(_ server: EmbeddedServer) async throws -> [String] {
        let found = try await server.psql(
            "SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate ORDER BY 1"
        )
        guard found.status == 0 else { throw ProgramFailure("psql", found) }
        return found.outputText.split(separator: "\n").map(String.init)
    }

    private static func hash(_ database: String, _ server: EmbeddedServer) async throws -> String {
        try await server.value(everything, database: database)
    }

    /// Rows and catalog with where each stands and who wrote it: writing the same again counts, too.
    private static let everything = """
        SELECT md5(string_agg(line, ' ' ORDER BY line)) FROM (
            SELECT 'class ' || c.xmin::text || c::text FROM pg_class c WHERE c.oid >= 16384
            UNION ALL SELECT 'attribute ' || a.xmin::text || a::text FROM pg_attribute a WHERE a.attrelid >= 16384
            UNION ALL SELECT 'type ' || t.xmin::text || t::text FROM pg_type t WHERE t.oid >= 16384
            UNION ALL SELECT 'routine ' || p.xmin::text || p::text FROM pg_proc p WHERE p.oid >= 16384
            UNION ALL SELECT 'schema ' || n.xmin::text || n::text FROM pg_namespace n
            UNION ALL SELECT 'setting ' || s::text FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase
                WHERE d.datname = current_database()
            UNION ALL SELECT 'database ' || d.oid || d.datname || d.datdba || d.datconnlimit || coalesce(d.datacl::text, '')
                FROM pg_database d WHERE d.datname = current_database()
            UNION ALL SELECT 'rows ' || c.oid || query_to_xml(format(
                'SELECT md5(string_agg(t.ctid::text || t.xmin::text || t::text, '' '' ORDER BY t.ctid)) FROM %I.%I t',
                n.nspname, c.relname), true, false, '')::text
                FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid >= 16384 AND c.relkind = 'r'
        ) AS everything (line)
        """

    private static let leftInDatabase = """
        SELECT current_database(), 'invalid index', indexrelid::regclass FROM pg_index
        WHERE NOT (indisvalid AND indisready AND indislive)
        UNION ALL
        SELECT current_database(), 'pending detach', inhrelid::regclass FROM pg_inherits WHERE inhdetachpending;
        SELECT current_database(), 'intent', (query_to_xml(
            'SELECT key, value FROM reconcile.marks WHERE key = ''intent'' OR value = ''pending''', false, true, ''))::text
        WHERE to_regclass('reconcile.marks') IS NOT NULL AND (query_to_xml(
            'SELECT FROM reconcile.marks WHERE key = ''intent'' OR value = ''pending''', false, true, ''))::text <> '';

        """

    private static let leftOnServer = """
        DO $$ BEGIN
            -- A client that has ended is seen by its server a moment later.
            FOR n IN 1..100 LOOP
                PERFORM pg_stat_clear_snapshot();
                EXIT WHEN NOT EXISTS (SELECT FROM pg_stat_activity WHERE application_name ~ '^reconcile');
                PERFORM pg_sleep(0.05);
            END LOOP;
        END $$;
        SELECT 'open run', run_id, outcome FROM reconcile.runs WHERE finished_at IS NULL OR outcome = 'running';
        SELECT 'open step', s.run_id, s.database, s.step, s.kind FROM reconcile.steps s
            JOIN (SELECT run_id, outcome FROM reconcile.runs ORDER BY started_at DESC LIMIT 1) AS r
                ON r.run_id = s.run_id AND r.outcome = 'converged'
        WHERE s.state = 'started' AND NOT EXISTS (SELECT FROM reconcile.steps f WHERE f.run_id = s.run_id
            AND f.step = s.step AND f.database IS NOT DISTINCT FROM s.database AND f.state <> 'started');
        SELECT 'build', database FROM reconcile.beside WHERE purpose <> 'aside';
        SELECT 'nobody''s note', database FROM reconcile.beside b
        WHERE NOT EXISTS (SELECT FROM pg_database d WHERE d.datname = b.database AND d.oid = b.oid);
        SELECT 'nobody''s database', datname FROM pg_database d WHERE datname ~ '__rcl_\\d'
            AND NOT EXISTS (SELECT FROM reconcile.beside b WHERE b.database = d.datname AND b.oid = d.oid);
        -- That one came in is noted for good.
        SELECT 'move', database, direction FROM reconcile.moves WHERE direction = 'out';
        SELECT 'role', rolname FROM pg_roles WHERE rolname ~ '^rcl_';
        SELECT 'prepared transaction', gid FROM pg_prepared_xacts;
        SELECT 'session', application_name FROM pg_stat_activity WHERE application_name ~ '^reconcile';
        SELECT 'lock', objid FROM pg_locks WHERE locktype = 'advisory';

        """
}
