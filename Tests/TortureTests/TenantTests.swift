import Effects
import Postgres
import Servers
import Testing
import TestSupport

/// Whoever owns a database, and plants in it what they can, gains nothing from a run that has more rights.
@Suite(.serialized) struct TenantTests {
    @Test(.proves(34), .timeLimit(.minutes(5)), arguments: TenantWorld.Login.wanted)
    func `traps of every kind gain nothing by a whole run`(login: TenantWorld.Login) async throws {
        let policy = "{allow: all, timeouts: {lock: 3s}}"
        try await TenantWorld.with(login, ["hostile"], role: "production", policy: policy) { world in
            try await world.plant(TenantTraps.harmless, in: "hostile")
            try await world.plant(
                "CREATE OR REPLACE VIEW public.seen AS SELECT public.grab('view of a check') AS seen",
                in: "hostile"
            )
            try await world.set(TenantTraps.settings + [TenantTraps.remarked], in: "hostile")
            for words in [
                ["inventory"], ["plan", "here"], ["gate"], ["compare"], ["plan", "here", "--format", "json"],
            ] {
                Sweep.tried()
                let result = try await world.root.reconcile(words)
                #expect(
                    [0, 2].contains(result.status),
                    "\(words): \(result.status) \(result.errors)\(result.outputText)"
                )
                #expect(!(result.outputText + result.errors).contains("\u{1B}"), "\(words): an escape")
                try await world.gainedNothing(words[0])
            }
            // A restore says that it leaves no publication behind, and is refused.
            try await world.plant(
                "SET default_transaction_read_only = off; DROP PUBLICATION trap_publication",
                in: "hostile"
            )
            let apply = try await world.root.reconcile("apply", "here", "--auto-approve")
            #expect(apply.status == 0, "\(apply.errors)\(apply.outputText)")
            try await world.gainedNothing("apply")
            let rows = "SELECT format('%s %s', count(*), count(*) FILTER (WHERE body ~ '!$')) FROM public.notes"
            #expect(try await world.server.sql(rows, database: "hostile")?.scalar == "3 2")
            let again = try await world.root.reconcile("plan", "here", "--detailed-exitcode")
            #expect(again.status == 0, "\(again.errors)\(again.outputText)")
            try await restore(world, login)
        }
    }

    private func restore(_ world: TenantWorld, _ login: TenantWorld.Login) async throws {
        let verify = try await world.root.reconcile("backups", "verify")
        #expect(verify.status == 0, "\(verify.errors)\(verify.outputText)")
        try await world.gainedNothing("verify")
        let receipts = Files.all(below: "\(world.root.folder.path)/.reconcile/backups").filter {
            $0.hasSuffix("hostile.json")
        }
        try #require(receipts.count == 1)
        let receipt = "\(world.root.folder.path)/.reconcile/backups/\(receipts[0])"
        guard login == .superuser else { return }
        for options in [["--as", "beside"], []] {
            let restored = try await world.root.reconcile(["backups", "restore", receipt, "--auto-approve"] + options)
            #expect(restored.status == 0, "\(restored.errors)\(restored.outputText)")
            try await world.gainedNothing("restore")
        }
    }

    @Test(.proves(34), .timeLimit(.minutes(5)), arguments: TenantWorld.Login.wanted)
    func `what would run where we write is refused, each by name`(login: TenantWorld.Login) async throws {
        let traps = Sweep.pick(TenantTraps.refused, quick: 6, sample: 8)
        let policy = "{rollout: {maxFailures: 100}}"
        try await TenantWorld.with(login, traps.map(\.name), policy: policy) { world in
            for trap in traps { try await world.plant(trap.sql, in: trap.name) }
            let plan = try await world.root.reconcile("plan", "here")
            #expect(plan.status == 0, "\(plan.errors)")
            try await world.gainedNothing("plan")
            let apply = try await world.root.reconcile("apply", "here", "--auto-approve", "--partial")
            #expect(apply.status == 1 || apply.status == 3, "\(apply.status) \(apply.errors)")
            try await world.gainedNothing("apply")
            for trap in traps {
                Sweep.tried()
                let said = apply.errors.split(separator: "\n").filter { $0.contains(trap.name) }.joined(separator: "\n")
                #expect(said.contains(trap.said), "\(trap.name): \(apply.errors)")
                let column = "SELECT count(*) FROM pg_attribute WHERE attname = 'pinned'"
                #expect(try await world.server.value(column, database: trap.name) == "0", "\(trap.name) was migrated")
            }
        }
    }
}
