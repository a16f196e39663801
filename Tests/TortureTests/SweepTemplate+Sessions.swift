import Effects
import Glibc
import Servers
import Testing
import TestSupport

extension SweepTemplate {
    /// Stops a run at a place, lets another take over and finish, and wakes the first one up.
    func overtake(stoppedAt number: Int) async throws {
        try await with(settings: Self.logging) { root in
            let pidFile = "\(root.folder.path)/pid"
            async let first = root.run(
                "/bin/sh",
                ["-c", "echo $$ >pid; exec \"$RECONCILE\" apply here --auto-approve"],
                ["RECONCILE_CRASH_AT": "\(number):stop"]
            )
            let pid = try await Self.stopped(pidFile)
            let unlocked = try await root.reconcile("unlock", "here", "--force", "--auto-approve")
            #expect(unlocked.status == 0, "stopped at \(number): \(unlocked.errors)")
            // From here on the first run's epoch is over.
            let read = root.servers.map { Files.bytes("\($0.folder)/log")?.count ?? 0 }
            let what = "stopped at \(number) and overtaken"
            try await complete(root, what, isOver: false)
            kill(pid, SIGCONT)
            let ended = try await first
            // One that had not taken the lock yet takes it now, and finds nothing to do.
            let isIdle = ended.status == 0 && ended.errors.contains("Nothing to do")
            #expect(ended.status == 1 || isIdle, "\(what), woken up: \(ended.status) \(ended.errors)")
            // What it would have done it has not done: what one whole run leaves is still what is there.
            try await complete(root, "\(what), woken up: \(ended.errors)")
            guard let run = ended.errors.firstMatch(of: /run (\d{12}[0-9a-z]{4})/)?.1 else { return }
            for (server, read) in zip(root.servers, read) {
                let later = try await server.value(
                    """
                    SELECT count(*) FROM reconcile.steps s JOIN reconcile.runs r USING (run_id)
                    WHERE s.at > (SELECT min(started_at) FROM reconcile.runs n WHERE n.started_at > r.started_at)
                    """
                )
                #expect(later == "0", "\(what): the first run went on in the journal")
                let log = String(decoding: (Files.bytes("\(server.folder)/log") ?? []).dropFirst(read), as: UTF8.self)
                for entry in log.split(separator: "\n<") where entry.prefix(200).contains("reconcile/\(run)") {
                    guard let match = entry.firstMatch(of: Self.logged) else { continue }
                    let statement = String(entry[match.range.upperBound...])
                    #expect(!Self.changes(statement), "\(what): the first run still wrote: \(statement.prefix(300))")
                }
            }
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
        try await with(settings: Self.logging) { root in
            let run = try await root.reconcile("apply", "here", "--auto-approve")
            #expect(run.status == 0, "\(run.errors)")
            let logs = root.servers.map { Files.text("\($0.folder)/log") ?? "" }
            #expect(logs.map(Self.checkLocks).reduce(0, +) > 10)
        }
    }

    /// Gives how many changes were looked at.
    ///
    /// A move's copy is filled by `pg_restore`, a program that takes no lock, under a login of its own: until it is put in
    /// place the copy has a name that only this run knows, and whoever clears it ends all sessions in it.
    private static func checkLocks(in log: String) -> Int {
        var locked: Set<Substring> = []
        var count = 0
        for entry in log.split(separator: "\n<") {
            guard let match = entry.firstMatch(of: logged) else { continue }
            let (pid, database, user) = (match.1, match.2, match.3)
            let statement = entry[match.range.upperBound...]
            if statement.contains("pg_try_advisory_lock") { locked.insert(pid) }
            let isRestore = database.hasPrefix("tenant_moved__rcl_new_") && user.hasPrefix("rcl_restore_")
            guard database != "postgres", !isRestore, changes(String(statement)) else { continue }
            count += 1
            #expect(locked.contains(pid), "process \(pid) in \(database) holds no lock: \(statement.prefix(300))")
        }
        return count
    }

    private static let logging = [
        "log_statement": "all", "log_min_messages": "log", "log_line_prefix": "<%p %d %u %a> ",
    ]

    private static var logged: Regex<(Substring, Substring, Substring, Substring, Substring)> {
        #/^<?(\d+) ([^ ]+) ([^ ]+) reconcile/[^>]*> LOG:  (statement|execute [^:]*): /#
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
