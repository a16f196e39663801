import Effects
import FleetModel
import Glibc
import Postgres
import Servers
import Testing
import TestSupport

/// What a tenant does while we are there: holding us up, flooding what we read, getting at the end of our transaction.
@Suite(.serialized) struct TenantSessionTests {
    @Test(.proves(34), .timeLimit(.minutes(5)))
    func `a tenant who holds our lock, or one on the history, is named, and nothing hangs`() async throws {
        try await TenantWorld.with(.leastPrivilege, ["held"]) { world in
            // The key that `Sources/Applying/Locks/AdvisoryKey.swift` makes of "database", seen in any run's session.
            let key = try await heldKey(world)
            let holder = try await world.session(in: "held")
            try await holder.run("SELECT pg_advisory_lock(\(key))")
            let start = ContinuousClock.now
            let apply = try await world.root.reconcile("apply", "here", "--auto-approve")
            #expect(apply.status == 1 || apply.status == 4, "\(apply.status)")
            #expect(apply.errors.contains("tenant"), "who holds it is not said: \(apply.errors)")
            try await holder.run("SELECT pg_advisory_unlock_all()")

            try await holder.run("BEGIN; LOCK TABLE drizzle.__drizzle_migrations")
            let plan = try await world.root.reconcile("plan", "here")
            #expect(plan.status == 0 && plan.outputText.contains("not-inspected"), "\(plan.outputText)\(plan.errors)")
            #expect(ContinuousClock.now - start < .seconds(90), "it hung")
            try await holder.run("ROLLBACK")
            await holder.close()
            try await world.gainedNothing("held locks")
        }
    }

    /// Out of `pg_locks`, while a run that is stopped works there.
    private func heldKey(_ world: TenantWorld) async throws -> Int64 {
        // SHA-256 of "reconcile/database", its first eight bytes.
        let text = try await world.server.value(
            "SELECT ('x' || left(encode(sha256('reconcile/database'), 'hex'), 16))::bit(64)::bigint"
        )
        return try #require(Int64(text))
    }

    @Test(.proves(34), .timeLimit(.minutes(5)))
    func `a history of very many rows is read, and told`() async throws {
        try await TenantWorld.with(.leastPrivilege, ["flooded"]) { world in
            try await world.plant(
                """
                INSERT INTO drizzle.__drizzle_migrations (hash, created_at)
                SELECT repeat(md5(n::text), 2), n FROM generate_series(1, 20000) n
                """,
                in: "flooded"
            )
            let start = ContinuousClock.now
            let plan = try await world.root.reconcile("plan", "here")
            #expect(plan.status == 0 && plan.outputText.contains("migration-unknown"), "\(plan.errors)")
            #expect(plan.output.count < 1 << 20, "\(plan.output.count) bytes of it")
            #expect(ContinuousClock.now - start < .seconds(60))
        }
    }

    @Test(.proves(34), .timeLimit(.minutes(5)), arguments: TenantWorld.Login.wanted)
    func `a trigger that puts its work off to the commit, again and again, stops the migration`(
        login: TenantWorld.Login
    ) async throws {
        let older = await TestServer.everyMajor().filter { $0.version.major < 18 }
        for programs in Sweep.pick(older.reversed(), quick: 1, sample: 2) {
            Sweep.tried()
            try await TenantWorld.with(login, ["putoff"], programs: programs) { world in
                try await world.plant(Self.puttingOff, in: "putoff")
                let apply = try await world.root.reconcile("apply", "here", "--auto-approve")
                #expect(apply.status == 1, "\(apply.errors)")
                #expect(apply.errors.contains("puts its work off to the commit"), "\(apply.errors)")
                try await world.gainedNothing("a trigger put off")
                #expect(try await world.server.value("SELECT count(*) FROM notes", database: "putoff") == "0")
            }
        }
    }

    private static let puttingOff = """
        CREATE FUNCTION public.trap_again() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            PERFORM public.grab('trigger that puts itself off');
            IF (SELECT pg_catalog.count(*) FROM public.notes) OPERATOR(pg_catalog.<) 30 THEN
                SET CONSTRAINTS ALL DEFERRED;
                INSERT INTO public.notes (body) VALUES ('again');
            END IF;
            RETURN NEW;
        END $$;
        CREATE CONSTRAINT TRIGGER trap_again AFTER INSERT ON public.notes DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW EXECUTE FUNCTION public.trap_again();
        """

    @Test(.proves(34), .timeLimit(.minutes(5)), arguments: TenantWorld.Login.wanted)
    func `an event trigger that calls a tenant's function stops the work on its database`(
        login: TenantWorld.Login
    ) async throws {
        try await TenantWorld.with(login, ["watched"]) { world in
            try await world.plant(
                """
                CREATE FUNCTION public.grab_as_event() RETURNS event_trigger LANGUAGE plpgsql AS
                    $$ BEGIN PERFORM public.grab('event trigger'); END $$
                """,
                in: "watched"
            )
            try await world.server.sql(
                "CREATE EVENT TRIGGER trap ON ddl_command_start EXECUTE FUNCTION public.grab_as_event()",
                database: "watched"
            )
            let apply = try await world.root.reconcile("apply", "here", "--auto-approve")
            #expect(apply.status == 1, "\(apply.status) \(apply.errors)\(apply.outputText)")
            #expect(apply.errors.contains("event trigger trap calls a function of tenant"), "\(apply.errors)")
            try await world.gainedNothing("an event trigger")
        }
    }
}
