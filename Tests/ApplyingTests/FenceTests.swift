import FleetModel
import Planning
import Postgres
import Servers
import Testing
import TestSupport

@testable import Applying

/// What holds between two runs: a database's lock in the session that works, and the fence behind it.
@Suite struct FenceTests {
    @Test func `a run that was overtaken writes nothing more, though it gets the lock again`() async throws {
        try await TestServer.with { server in
            try await server.sql("CREATE DATABASE shop")
            try await server.sql("CREATE TABLE public.t (n int)", database: "shop")
            let first = try await Bench.lease(server, now: 1)
            await first.close()
            let second = try await Bench.lease(server, now: 2)
            let newer = await second.epoch
            let older = await first.epoch
            #expect(newer > older)

            try await Bench(server: server, control: second).work {
                try await $0.runStatements(["INSERT INTO public.t VALUES (2)"], label: "t")
            }
            await #expect {
                try await Bench(server: server, control: first).work {
                    try await $0.runStatements(["INSERT INTO public.t VALUES (1)"], label: "t")
                }
            } throws: { error in
                if case ApplyError.fenced(database: "shop") = error { true } else { false }
            }
            try await Bench(server: server, control: second).work {
                try await $0.runStatements(["INSERT INTO public.t VALUES (3)"], label: "t")
            }
            #expect(
                try await server.sql("SELECT string_agg(n::text, ' ') FROM public.t", database: "shop")?.scalar == "2 3"
            )
        }
    }

    @Test func `a database's lock is held by one session at a time, and whoever else wants it is told who has it`()
        async throws
    {
        try await TestServer.with { server in
            try await server.sql("CREATE DATABASE shop")
            let control = try await Bench.lease(server, now: 1)
            let bench = Bench(server: server, control: control)
            try await bench.work { _ in
                do {
                    try await bench.work(attempts: 1) { _ in Issue.record("two sessions hold one lock")
                    }
                } catch ApplyError.locked(let holder) {
                    #expect(holder.runID == control.run.id)
                }
            }
            try await bench.work { _ in }
        }
    }
}
