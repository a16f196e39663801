import FleetModel
import Glibc
import Planning
import Postgres
import Servers
import Testing
import TestSupport

@testable import Applying

/// What a run holds it holds to the end of its work, and what it is told is done has been done.
@Suite struct HoldTests {
    @Test(.proves(2)) func `a database's lock is held from one transaction to the next`() async throws {
        try await TestServer.with { server in
            try await server.sql("CREATE DATABASE shop")
            let control = try await Bench.lease(server, now: 1)
            try await Bench(server: server, control: control).work { worker in
                let pid = await worker.session.backendPID
                for name in ["one", "two", "three"] {
                    try await worker.runStatements(["CREATE SCHEMA \(identifier: name)"], label: name)
                    let holders = try await server.sql(
                        """
                        SELECT string_agg(l.pid::text, ' ') FROM pg_locks l JOIN pg_database d ON d.oid = l.database
                        WHERE d.datname = 'shop' AND \(AdvisoryKey.database.inLocksView.text)
                        """
                    )
                    #expect(holders?.scalar == "\(pid)", "after \(name)")
                }
            }
        }
    }

    @Test(.proves(8)) func `who waits for a database's lock holds up no concurrent index build`() async throws {
        try await TestServer.with { server in
            try await server.sql("CREATE DATABASE shop")
            try await server.sql("CREATE TABLE public.t AS SELECT n FROM generate_series(1, 1000) n", database: "shop")
            let control = try await Bench.lease(server, now: 1)
            try await Bench(server: server, control: control).work { worker in
                let pid = await worker.session.backendPID
                let waiting = (0..<5).map { _ in
                    Task { try await Bench(server: server, control: control).work(attempts: 400) { _ in } }
                }
                // They all are connected and have asked at least once.
                for _ in 0..<500 {
                    let asking = try await server.sql(
                        """
                        SELECT count(*) FROM pg_stat_activity
                        WHERE datname = 'shop' AND query ~ 'advisory_lock' AND pid <> \(pid)
                        """
                    )
                    if asking?.scalar == "5" { break }
                    try await Task.sleep(for: .milliseconds(20))
                }
                try await worker.session.run("CREATE INDEX CONCURRENTLY t_n ON public.t (n)", parameters: [])
                await worker.session.close()
                for task in waiting { try await task.value }
            }
        }
    }

    @Test(.proves(4)) func `a run whose environment was taken over makes, renames and drops no database`() async throws
    {
        try await TestServer.with { server in
            try await server.sql("CREATE DATABASE shop")
            let first = try await Bench.lease(server, now: 1)
            // As if something had let its lock go, while its session stays.
            try await first.session.run("SELECT pg_advisory_unlock_all()")
            let second = try await Bench.lease(server, now: 2)
            let oid = try #require(try await second.oid(of: "shop"))
            let target = server.target(database: "postgres")
            let attempts: [@Sendable () async throws -> Void] = [
                { try await first.createDatabase("late", CreationOptions()) },
                { try await first.setAside(("shop", oid), as: "aside", reason: "test", target: target) },
                { try await first.dropAside("shop", oid: oid) },
            ]
            for (number, attempt) in attempts.enumerated() {
                await #expect("attempt \(number)") {
                    try await attempt()
                } throws: { error in
                    if case ApplyError.fenced = error { true } else { false }
                }
            }
            let databases = "SELECT string_agg(datname, ' ' ORDER BY datname) FROM pg_database WHERE NOT datistemplate"
            #expect(try await server.sql(databases)?.scalar == "postgres shop")
            try await second.createDatabase("late", CreationOptions())
            #expect(try await server.sql(databases)?.scalar == "late postgres shop")
        }
    }

    @Test(.proves(3)) func `a session that does not end is told, and nobody is said to be gone`() async throws {
        try await TestServer.with { server in
            let control = try await Bench.lease(server, now: 1)
            let pid = pid_t(await control.session.backendPID)
            kill(pid, SIGSTOP)
            defer { kill(pid, SIGCONT) }
            let target = server.target(database: "postgres")
            let holder = try #require(try await Unlock.holder(environment: "here", target: target))
            #expect(holder.runID == control.run.id)
            await #expect {
                _ = try await Unlock.end(holder, target: target)
            } throws: { error in
                if case ApplyError.failed(let reason) = error { reason.contains("did not end") } else { false }
            }
        }
    }

    @Test(.proves(21)) func `what was committed survives a crash, whatever a database's owner has set`() async throws {
        let settings = ["wal_writer_delay": "10s", "wal_writer_flush_after": "1GB"]
        try await TestServer.with(settings: settings) { server in
            try await server.sql("CREATE DATABASE shop")
            try await server.sql("CREATE TABLE public.t (n int)", database: "shop")
            try await server.sql("ALTER DATABASE shop SET synchronous_commit = off")
            let control = try await Bench.lease(server, now: 1)
            try await Bench(server: server, control: control).work { worker in
                for n in 1...3 { try await worker.runStatements(["INSERT INTO public.t VALUES (\(n))"], label: "t") }
                server.crash()
            }
            let data = "\(server.folder)/data"
            let programs = try await TestServer.programs()
            try await EmbeddedServer.run(programs, in: TestServer.parent, template: data) { again in
                let left = try await again.sql("SELECT string_agg(n::text, ' ') FROM public.t", database: "shop")
                #expect(left?.scalar == "1 2 3")
            }
        }
    }
}
