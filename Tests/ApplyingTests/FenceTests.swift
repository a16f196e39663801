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
            let first = try await Self.lease(server, now: 1)
            await first.close()
            let second = try await Self.lease(server, now: 2)
            let newer = await second.epoch
            let older = await first.epoch
            #expect(newer > older)

            try await Self.work(server, second) {
                try await $0.runStatements(["INSERT INTO public.t VALUES (2)"], label: "t")
            }
            await #expect {
                try await Self.work(server, first) {
                    try await $0.runStatements(["INSERT INTO public.t VALUES (1)"], label: "t")
                }
            } throws: { error in
                if case ApplyError.fenced(database: "shop") = error { true } else { false }
            }
            try await Self.work(server, second) {
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
            let control = try await Self.lease(server, now: 1)
            try await Self.work(server, control) { _ in
                do {
                    try await Self.work(server, control, attempts: 1) { _ in Issue.record("two sessions hold one lock")
                    }
                } catch ApplyError.locked(let holder) {
                    #expect(holder.runID == control.run.id)
                }
            }
            try await Self.work(server, control) { _ in }
        }
    }

    static func lease(_ server: EmbeddedServer, now: Int64) async throws -> Control {
        let run = Run(environment: "here", now: 1_800_000_000 + now, random: UInt32(now))
        for _ in 0..<50 {
            do {
                let target = server.target(database: "postgres")
                let control = try await Control.open(instance: "main", target: target, run: run)
                try await control.takeLease(planDigest: "none", toolVersion: "test")
                return control
            } catch ApplyError.locked {
                // The server has not seen yet that the session before ours is gone.
                try await Task.sleep(for: .milliseconds(50))
            }
        }
        throw ApplyError.failed("the environment's lock stays held")
    }

    /// A session of a run in the database, with its lock, for as long as `body` takes.
    static func work(
        _ server: EmbeddedServer,
        _ control: Control,
        attempts: Int = 20,
        _ body: (Worker) async throws -> Void
    ) async throws {
        let settings = SessionSettings(
            access: .readWrite,
            lockTimeout: .seconds(3),
            applicationName: control.run.applicationName("work")
        )
        let session = try await Session.open(server.target(database: "shop"), settings: settings, proof: .byCaller)
        let result = await Result { () async throws in
            let foothold = try await DatabaseLock.take(on: session, settings: settings, attempts: attempts)
            try await body(
                Worker(
                    key: DatabaseKey(instance: "main", database: "shop"),
                    session: session,
                    settings: settings,
                    foothold: foothold,
                    fence: Fence(epoch: await control.epoch, runID: control.run.id),
                    control: control,
                    report: { _ in }
                )
            )
        }
        await session.close()
        try result.get()
    }
}

extension Result where Failure == any Error {
    fileprivate init(_ body: () async throws -> Success) async {
        do { self = .success(try await body()) } catch { self = .failure(error) }
    }
}
