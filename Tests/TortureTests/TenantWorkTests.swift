import Effects
import FleetModel
import Postgres
import Servers
import Testing
import TestSupport

/// The steps that take a tenant's database as a whole: it is moved, built anew, or has tables taken out of it.
@Suite(.serialized) struct TenantWorkTests {
    private static let policy = "{allow: all, timeouts: {lock: 3s}}"

    @Test(.proves(34), .timeLimit(.minutes(10)))
    func `the owner of a database that is moved gains nothing, neither where it was nor where it comes`() async throws {
        let majors = await TestServer.everyMajor()
        for programs in Sweep.pick(majors.reversed(), quick: 1, sample: 1) {
            Sweep.tried()
            try await TenantWorld.with(.superuser, ["hostile"], programs: programs) { world in
                try await TestServer.with(programs, identity: 1) { new in
                    try await new.sql("CREATE ROLE tenant LOGIN; CREATE ROLE neighbour LOGIN")
                    try await new.sql("CREATE DATABASE neighbour OWNER neighbour")
                    // Who may become the owner here is to be let in there too.
                    _ = try await new.psql(try LeastPrivilege.statements(owners: ["tenant", "neighbour"]))
                    try await world.plant(TenantTraps.harmless, in: "hostile")
                    // A move says that it brings none along, and is refused.
                    try await world.plant("DROP PUBLICATION trap_publication", in: "hostile")
                    try await world.plant(
                        "COMMENT ON DATABASE hostile IS $$'; ALTER ROLE tenant SUPERUSER; --$$",
                        in: "hostile"
                    )
                    try await world.set(TenantTraps.settings, in: "hostile")
                    let before = try await settings(world.server, "hostile")
                    try world.declare(
                        .superuser,
                        version: "latest",
                        role: "staging",
                        policy: Self.policy,
                        movingTo: new
                    )
                    let apply = try await world.root.reconcile("apply", "here", "--auto-approve")
                    #expect(apply.status == 0, "\(apply.errors)\(apply.outputText)")
                    try await world.gainedNothing("move, where it was")
                    try await world.gainedNothing("move, where it comes", on: new)
                    let after = try await settings(new, "hostile")
                    #expect(after == before)
                    let rows = "SELECT format('%s %s', count(*), count(*) FILTER (WHERE body ~ '!$')) FROM public.notes"
                    #expect(try await new.sql(rows, database: "hostile")?.scalar == "3 2")
                    #expect(
                        try await new.sql("SELECT count(*) FROM public.trap_rows", database: "hostile")?.scalar == "3"
                    )
                    let powers =
                        "SELECT count(*) FROM pg_roles WHERE rolname ~ '^rcl' OR rolname = 'tenant' AND NOT rolcanlogin"
                    #expect(try await new.value(powers) == "0", "a role of the restore's is left")
                }
            }
        }
    }

    private func settings(_ server: EmbeddedServer, _ database: String) async throws -> String {
        try await server.value(
            """
            SELECT pg_get_userbyid(datdba), shobj_description(d.oid, 'pg_database'),
                (SELECT string_agg(a::text, ' ' ORDER BY a::text)
                    FROM unnest(coalesce(datacl, acldefault('d', datdba))) a),
                (SELECT string_agg(c, ' ' ORDER BY c) FROM unnest(setconfig) c)
            FROM pg_database d LEFT JOIN pg_db_role_setting s ON s.setdatabase = d.oid WHERE datname = '\(database)'
            """
        )
    }

    @Test(.proves(34), .timeLimit(.minutes(10)), arguments: TenantWorld.Login.wanted)
    func `nor does the owner of one that is built anew, or loses tables to a quarantine`(
        login: TenantWorld.Login
    ) async throws {
        try await TenantWorld.with(login, ["ruined", "misplaced"]) { world in
            for (path, text) in Self.hub { try world.root.folder.write(text, to: path) }
            for database in ["ruined", "misplaced"] {
                try await world.plant(TenantTraps.harmless, in: database)
            }
            try await world.plant(Self.misplaced, in: "misplaced")
            try await world.plant(
                "DROP VIEW public.seen; ALTER TABLE public.notes DROP COLUMN body CASCADE",
                in: "ruined"
            )
            for database in ["ruined", "misplaced"] { try await world.set(TenantTraps.settings, in: database) }
            let before = try await settings(world.server, "ruined")

            func apply(_ role: String, _ database: String, says step: String) async throws {
                Sweep.tried()
                let more = "  - {name: hub, class: hub, version: latest}"
                try world.declare(login, version: "latest", role: role, policy: Self.policy, more: more)
                let words = ["here", "--database", database]
                let plan = try await world.root.reconcile(["plan"] + words)
                #expect(plan.outputText.contains(step), "\(plan.errors)\(plan.outputText)")
                let apply = try await world.root.reconcile(["apply"] + words + ["--auto-approve"])
                #expect(apply.status == 0, "\(database): \(apply.errors)\(apply.outputText)")
                try await world.gainedNothing(step)
            }
            try await apply("staging", "misplaced", says: "quarantine-tables")
            let kept =
                "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace "
                + "WHERE nspname ~ '^quarantine_' AND relname = 'accounts'"
            #expect(try await world.server.sql(kept, database: "misplaced")?.scalar == "1")

            try await apply("development", "ruined", says: "rebuild-database")
            let after = try await settings(world.server, "ruined")
            #expect(after == before)
            let purge = try await world.root.reconcile("purge", "here", "--auto-approve")
            #expect(purge.status == 0, "\(purge.errors)\(purge.outputText)")
            try await world.gainedNothing("purge")
        }
    }

    /// A class of another database, whose table the tenant has too.
    private static let hub = [
        "manifests/hub.yaml": """
        apiVersion: reconcile/v1
        kind: DatabaseClass
        name: hub
        migrations: {directory: hub, format: plain}
        create: {owner: tenant, encoding: UTF8, template: template0}
        """,
        "manifests/hub/0001_accounts.sql": "CREATE TABLE accounts (id int PRIMARY KEY, name text);\n",
    ]

    private static let misplaced = """
        CREATE TABLE public.accounts (id int PRIMARY KEY, name text);
        INSERT INTO public.accounts VALUES (1, 'kept');
        CREATE TRIGGER trap_account BEFORE INSERT OR UPDATE OR DELETE ON public.accounts
            FOR EACH ROW EXECUTE FUNCTION public.grab_as_trigger('trigger of what is quarantined');
        CREATE RULE trap_account AS ON UPDATE TO public.accounts DO ALSO SELECT public.grab('rule of what is quarantined');
        ALTER TABLE public.accounts ADD CONSTRAINT trap_account CHECK (public.grab('check of what is quarantined'));
        CREATE INDEX trap_account ON public.accounts (public.grab_as_text('index of what is quarantined', name));
        CREATE VIEW public.trap_accounts AS SELECT * FROM public.accounts WHERE public.grab('view of what is quarantined');
        """
}
