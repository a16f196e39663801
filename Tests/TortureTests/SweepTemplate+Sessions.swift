import Effects
import Glibc
import Servers
import Testing
import TestSupport

extension SweepTemplate {
    /// Stops a run at a place, lets another take over and finish, and wakes the first one up.
    func overtake(stoppedAt number: Int) async throws {
        try await with { root in
            let pidFile = "\(root.folder.path)/pid"
            async let first = root.run(
                "/bin/sh",
                ["-c", "echo $$ >pid; exec \"$RECONCILE\" apply here --auto-approve"],
                ["RECONCILE_CRASH_AT": "\(number):stop"]
            )
            let pid = try await Self.stopped(pidFile)
            let unlocked = try await root.reconcile("unlock", "here", "--force", "--auto-approve")
            #expect(unlocked.status == 0, "stopped at \(number): \(unlocked.errors)")
            let what = "stopped at \(number) and overtaken"
            try await complete(root, what)
            kill(pid, SIGCONT)
            let ended = try await first
            #expect(ended.status == 1, "\(what), woken up: \(ended.status) \(ended.errors)")
            // What it would have done it has not done: what one whole run leaves is still what is there.
            try await complete(root, "\(what), woken up: \(ended.errors)")
            let later = try await root.server.value(
                """
                SELECT count(*) FROM reconcile.steps s JOIN reconcile.runs r USING (run_id)
                WHERE s.at > (SELECT min(started_at) FROM reconcile.runs n WHERE n.started_at > r.started_at)
                """
            )
            #expect(later == "0", "\(what): the first run went on in the journal")
        }
    }

    /// The process whose id is in the file, once it has stopped itself.
    static func stopped(_ file: String) async throws -> pid_t {
        for _ in 0..<600 {
            if let pid = Files.text(file).flatMap({ pid_t($0.prefix { $0.isNumber }) }),
                Files.text("/proc/\(pid)/stat")?.contains(") T ") == true
            {
                return pid
            }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw Misfire("it never stopped")
    }

    /// Lets a whole run be written down by the server, statement by statement, and looks at who changed what.
    ///
    /// Every session in a database of the fleet that may write must have taken the database's lock before its first
    /// statement that changes anything.
    func checkSessions() async throws {
        let settings = ["log_statement": "all", "log_min_messages": "log", "log_line_prefix": "<%p %d %a> "]
        try await with(settings: settings) { root in
            let run = try await root.reconcile("apply", "here", "--auto-approve")
            #expect(run.status == 0, "\(run.errors)")
            let log = try #require(Files.text("\(root.server.folder)/log"))
            var locked: Set<Substring> = []
            var changes = 0
            for entry in log.split(separator: "\n<") {
                guard let match = entry.firstMatch(of: Self.logged)
                else { continue }
                let (pid, database) = (match.1, match.2)
                let statement = entry[match.range.upperBound...]
                if statement.contains("pg_try_advisory_lock") { locked.insert(pid) }
                guard database != "postgres", Self.changes(String(statement)) else { continue }
                changes += 1
                #expect(locked.contains(pid), "process \(pid) in \(database) holds no lock: \(statement.prefix(300))")
            }
            #expect(changes > 10)
        }
    }

    private static var logged: Regex<(Substring, Substring, Substring, Substring)> {
        #/^<?(\d+) ([^ ]+) reconcile/[^>]*> LOG:  (statement|execute [^:]*): /#
    }

    private static func changes(_ statement: String) -> Bool {
        statement.contains(/\b(INSERT INTO|UPDATE|DELETE FROM|CREATE|ALTER|DROP|TRUNCATE|GRANT|REVOKE)\b/)
            && !statement.contains("READ ONLY")
    }
}

/// A test could not do what it was to do.
private struct Misfire: Error, CustomStringConvertible {
    var description: String
    init(_ description: String) { self.description = description }
}
