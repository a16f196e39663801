import Effects
import FleetModel
import Glibc
import Postgres
import Servers
import Testing
import TestSupport

/// What a tenant makes our sessions hear, wait for, or let go of.
@Suite(.serialized) struct TenantNoiseTests {
    @Test(.proves(34), .timeLimit(.minutes(5)), arguments: TenantWorld.Login.wanted)
    func `warnings and notifications without end fill no memory, and an error of any length is told in short`(
        login: TenantWorld.Login
    ) async throws {
        let count = Sweep.count(quick: 60, sample: 100, whole: 400)
        try await TenantWorld.with(login, ["loud", "long"], policy: "{rollout: {maxFailures: 5}}") { world in
            try await world.plant(Self.loud(count), in: "loud")
            try await world.plant(Self.long, in: "long")
            let (apply, peak) = try await MemoryWatch.during(world.root.folder.path) {
                try await world.root.reconcile("apply", "here", "--auto-approve", "--database", "loud")
            }
            #expect(apply.status == 0, "\(apply.errors)\(apply.outputText)")
            let rows = try await world.server.value("SELECT count(*) FROM notes", database: "loud")
            #expect(rows == "3")
            // All that was said is more than that.
            #expect(peak > 0 && peak < 250 << 10, "\(peak) KiB, of \(count) MB of noise")
            Sweep.tried()
            let failed = try await world.root.reconcile("apply", "here", "--auto-approve", "--database", "long")
            #expect(failed.status == 1, "\(failed.status)")
            #expect(failed.errors.contains("the tenant says"), "\(failed.errors.prefix(2000))")
            #expect(
                failed.errors.utf8.count + failed.output.count < 64 << 10,
                "\(failed.errors.utf8.count) bytes of it"
            )
            #expect(!failed.errors.contains("\u{1B}["), "an escape")
            let kept = try await world.server.value("SELECT max(length(detail)) FROM reconcile.steps")
            #expect(Int(kept).map { $0 < 64 << 10 } == true, "\(kept) letters in the journal")
            try await world.gainedNothing("noise")
        }
    }

    /// A megabyte of warnings a round, and as much of notifications that our session has asked for.
    private static func loud(_ rounds: Int) -> String {
        """
        CREATE FUNCTION public.trap_loud() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            PERFORM pg_catalog.set_config('client_min_messages', 'debug1', false);
            EXECUTE 'LISTEN trap';
            FOR n IN 1..\(rounds * 50) LOOP
                RAISE WARNING '%', pg_catalog.repeat(E'\\u001B[2J', 5000);
                PERFORM pg_catalog.pg_notify('trap', pg_catalog.rpad(n::text, 7900, 'x'));
            END LOOP;
            RETURN NEW;
        END $$;
        CREATE TRIGGER trap_loud AFTER INSERT ON public.notes FOR EACH STATEMENT EXECUTE FUNCTION public.trap_loud();
        """
    }

    private static let long = """
        CREATE FUNCTION public.trap_long() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            RAISE EXCEPTION 'the tenant says %', pg_catalog.repeat(E'\\u001B[2J', 5000000)
                USING DETAIL = pg_catalog.repeat('detail', 1000000), HINT = pg_catalog.repeat('hint', 1000000);
        END $$;
        CREATE TRIGGER trap_long BEFORE INSERT ON public.notes FOR EACH ROW EXECUTE FUNCTION public.trap_long();
        """

    @Test(.proves(34), .timeLimit(.minutes(10)), arguments: TenantWorld.Login.wanted)
    func `tables elsewhere are not read: nobody is called, and nothing waits for who does not answer`(
        login: TenantWorld.Login
    ) async throws {
        try await TenantWorld.with(login, ["abroad"], role: "production", policy: "{allow: all}") { world in
            let tarpit = try Tarpit()
            try await world.server.sql(
                "CREATE EXTENSION postgres_fdw; GRANT USAGE ON FOREIGN DATA WRAPPER postgres_fdw TO tenant",
                database: "abroad"
            )
            try await world.server.sql("ALTER SYSTEM SET log_connections = on")
            try await world.server.sql("SELECT pg_reload_conf()")
            try await world.plant(Self.abroad(tarpit.port, world.server), in: "abroad")
            let receipts = "\(world.root.folder.path)/.reconcile/backups"
            var commands = [
                ["inventory"], ["plan", "here"], ["compare"], ["apply", "here", "--auto-approve"],
                ["backups", "verify"],
            ]
            if login == .superuser {
                commands.append(["backups", "restore", "RECEIPT", "--as", "beside", "--auto-approve"])
            }
            for words in commands {
                Sweep.tried()
                let receipt = Files.all(below: receipts).first { $0.hasSuffix("abroad.json") }
                let start = ContinuousClock.now
                let result = try await world.root.reconcile(
                    words.map { $0 == "RECEIPT" ? "\(receipts)/\(receipt ?? "")" : $0 }
                )
                #expect(result.status == 0, "\(words): \(result.status) \(result.errors)\(result.outputText)")
                #expect(ContinuousClock.now - start < .seconds(120), "\(words) waited")
                #expect(!tarpit.wasCalled(), "\(words): a server that the tenant named was called")
                try await world.gainedNothing(words[0])
            }
            let calls = (Files.text("\(world.server.folder)/log") ?? "").split(separator: "\n").filter {
                $0.contains("user=neighbour")
            }
            #expect(calls == [], "the server called itself")
        }
    }

    /// Tables of a server that takes calls and says nothing, and of this very server, alone and below tables that are here.
    private static func abroad(_ port: Int, _ server: EmbeddedServer) -> String {
        """
        CREATE SERVER trap_silent FOREIGN DATA WRAPPER postgres_fdw
            OPTIONS (host '127.0.0.1', port '\(port)', dbname 'x', connect_timeout '20');
        CREATE SERVER trap_self FOREIGN DATA WRAPPER postgres_fdw
            OPTIONS (host '\(server.socketFolder)', dbname 'neighbour');
        CREATE USER MAPPING FOR PUBLIC SERVER trap_silent OPTIONS (user 'x', password 'y');
        CREATE USER MAPPING FOR PUBLIC SERVER trap_self OPTIONS (user 'neighbour', password 'y');
        CREATE FOREIGN TABLE public.trap_silent (n int) SERVER trap_silent;
        CREATE FOREIGN TABLE public.trap_self (oid oid, datname name) SERVER trap_self
            OPTIONS (schema_name 'pg_catalog', table_name 'pg_database');
        CREATE TABLE public.trap_parted (n int) PARTITION BY RANGE (n);
        CREATE TABLE public.trap_part_here PARTITION OF public.trap_parted FOR VALUES FROM (0) TO (10);
        CREATE FOREIGN TABLE public.trap_part_there PARTITION OF public.trap_parted FOR VALUES FROM (10) TO (20)
            SERVER trap_silent;
        INSERT INTO public.trap_parted VALUES (1);
        CREATE TABLE public.trap_parent (n int);
        INSERT INTO public.trap_parent VALUES (1);
        CREATE FOREIGN TABLE public.trap_heir () INHERITS (public.trap_parent) SERVER trap_self OPTIONS (table_name 'x');
        """
    }
}

/// A port that takes calls and answers none.
private final class Tarpit {
    let port: Int
    private let descriptor: Int32

    init() throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(descriptor, address, length) == 0 && listen(descriptor, 8) == 0
                    && getsockname(descriptor, address, &length) == 0
            }
        }
        port = Int(UInt16(bigEndian: address.sin_port))
        try #require(bound)
    }

    deinit { close(descriptor) }

    func wasCalled() -> Bool { accept(descriptor, nil, nil) >= 0 }
}

/// How much memory a program takes at most while something is done.
private actor MemoryWatch {
    private var peak = 0

    /// Of all processes whose folder is `folder`, in KiB.
    static func during<Value: Sendable>(
        _ folder: String,
        _ body: () async throws -> Value
    ) async throws -> (Value, peak: Int) {
        let watch = MemoryWatch()
        let looking = Task.detached {
            while !Task.isCancelled {
                await watch.look(folder)
                try? await Task.sleep(for: .milliseconds(10))
            }
        }
        defer { looking.cancel() }
        let value = try await body()
        looking.cancel()
        await looking.value
        return (value, await watch.peak)
    }

    private func look(_ folder: String) {
        for pid in (Files.names(in: "/proc") ?? []).compactMap({ pid_t($0) }) {
            var buffer = [CChar](repeating: 0, count: 4096)
            let count = readlink("/proc/\(pid)/cwd", &buffer, buffer.count - 1)
            guard count > 0,
                String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self) == folder,
                let line = Files.text("/proc/\(pid)/status")?.split(separator: "\n").first(where: {
                    $0.hasPrefix("VmHWM")
                })
            else { continue }
            peak = max(peak, Int(line.filter(\.isNumber)) ?? 0)
        }
    }
}
