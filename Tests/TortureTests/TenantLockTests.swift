import Effects
import FleetModel
import Postgres
import Servers
import Testing
import TestSupport

/// Code of a tenant's runs in the session that holds the database's lock, and can let go of it: then the work ends.
@Suite(.serialized) struct TenantLockTests {
    @Test(.proves(2, 34), .timeLimit(.minutes(5)), arguments: TenantWorld.Login.wanted)
    func `a migration in which our lock is let go is rolled back, and nothing more is done there`(
        login: TenantWorld.Login
    ) async throws {
        let ways = Sweep.pick(Self.ways, quick: 2, sample: 4)
        try await TenantWorld.with(login, ways.map(\.name), policy: "{rollout: {maxFailures: 9}}") { world in
            for way in ways {
                try await world.plant(Self.lettingGo, in: way.name)
                try await world.plant(way.sql, in: way.name)
            }
            let apply = try await world.root.reconcile("apply", "here", "--auto-approve", "--partial")
            #expect(apply.status == 1 || apply.status == 3, "\(apply.status) \(apply.errors)")
            for way in ways {
                Sweep.tried()
                let said = apply.errors.split(separator: "\n").filter {
                    $0.contains("\"\(way.name)\"") || $0.contains("/\(way.name)")
                }
                #expect(said.contains { $0.contains("let go of the lock") }, "\(way.name): \(apply.errors)")
                let column = "SELECT count(*) FROM pg_attribute WHERE attname = 'pinned'"
                #expect(try await world.server.value(column, database: way.name) == "0", "\(way.name) was migrated")
                #expect(
                    try await world.server.value("SELECT count(*) FROM notes", database: way.name) == "0",
                    "\(way.name)"
                )
                let history = "SELECT count(*) FROM drizzle.__drizzle_migrations"
                #expect(try await world.server.value(history, database: way.name) == "1", "\(way.name)")
            }
            try await world.gainedNothing("locks")
        }
    }

    @Test(.proves(2, 34), .timeLimit(.minutes(5)), arguments: TenantWorld.Login.wanted)
    func `one that lets go of it while a transaction commits has done its last`(login: TenantWorld.Login) async throws {
        // Up to 17 what is put off again to the commit is refused.
        let newest = await TestServer.everyMajor().last { $0.version.major >= 18 }
        guard let newest else { return Proves.skip(2, 34, because: "no PostgreSQL 18 here") }
        try await TenantWorld.with(login, ["late"], programs: newest) { world in
            try await world.plant(Self.lettingGo, in: "late")
            try await world.plant(Self.late, in: "late")
            let apply = try await world.root.reconcile("apply", "here", "--auto-approve")
            #expect(apply.status == 1, "\(apply.status) \(apply.errors)")
            #expect(apply.errors.contains("let go of the lock"), "\(apply.errors)")
            let history = "SELECT count(*) FROM drizzle.__drizzle_migrations"
            #expect(try await world.server.value(history, database: "late") == "2")
            let index = "SELECT count(*) FROM pg_class WHERE relname = 'notes_pinned'"
            #expect(try await world.server.value(index, database: "late") == "0")
            try await world.gainedNothing("a lock let go at the commit")
        }
    }

    private static let ways: [(name: String, sql: String)] = [
        (
            "l_trigger",
            "CREATE TRIGGER trap BEFORE INSERT ON public.notes FOR EACH ROW EXECUTE FUNCTION public.trap_as_trigger()"
        ),
        ("l_check", "ALTER TABLE public.notes ADD CONSTRAINT trap CHECK (public.trap_lets_go())"),
        (
            "l_deferred",
            "CREATE CONSTRAINT TRIGGER trap AFTER INSERT ON public.notes DEFERRABLE INITIALLY DEFERRED FOR EACH ROW "
                + "EXECUTE FUNCTION public.trap_as_trigger()"
        ),
        (
            // By its key alone, as often as it was taken.
            "l_key",
            """
            CREATE OR REPLACE FUNCTION public.trap_lets_go() RETURNS boolean LANGUAGE plpgsql AS $$ DECLARE held record; BEGIN
                FOR held IN SELECT classid, objid FROM pg_catalog.pg_locks
                    WHERE locktype = 'advisory' AND pid = pg_catalog.pg_backend_pid()
                LOOP
                    PERFORM pg_catalog.pg_advisory_unlock((held.classid::bigint << 32) | held.objid::bigint);
                END LOOP;
                RETURN true;
            END $$;
            ALTER TABLE public.notes ADD CONSTRAINT trap CHECK (public.trap_lets_go())
            """
        ),
    ]

    private static let lettingGo = """
        CREATE FUNCTION public.trap_lets_go() RETURNS boolean LANGUAGE plpgsql AS
            $$ BEGIN PERFORM pg_catalog.pg_advisory_unlock_all(); RETURN true; END $$;
        CREATE FUNCTION public.trap_as_trigger() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN PERFORM public.trap_lets_go(); RETURN NEW; END $$;
        """

    /// The first time it is only put off anew, to the commit itself.
    private static let late = """
        CREATE FUNCTION public.trap_late() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF NEW.body OPERATOR(pg_catalog.=) 'late' THEN
                PERFORM public.trap_lets_go();
            ELSIF NOT EXISTS (SELECT FROM public.notes WHERE body OPERATOR(pg_catalog.=) 'late') THEN
                SET CONSTRAINTS ALL DEFERRED;
                INSERT INTO public.notes (body) VALUES ('late');
            END IF;
            RETURN NEW;
        END $$;
        CREATE CONSTRAINT TRIGGER trap_late AFTER INSERT ON public.notes DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW EXECUTE FUNCTION public.trap_late();
        """
}
