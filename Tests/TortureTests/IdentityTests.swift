import Effects
import Glibc
import Servers
import Testing
import TestSupport

/// Only the server and the database that a plan was made for are touched, whoever answers at the address.
@Suite(.serialized) struct IdentityTests {
    private static let settings = ["wal_level": "replica", "max_wal_senders": "4"]

    @Test(.proves(9), .timeLimit(.minutes(20)))
    func `a saved plan is refused where another server answers, and it says what differs`() async throws {
        try await TestServer.with(settings: Self.settings) { origin in
            let root = try Scenario(name: "behind-by-one").root(for: origin)
            let door = try Door(to: origin)
            try root.enter(by: door)
            try await root.prepare()
            let planned = try await root.reconcile("plan", "here", "--out", "plan.json")
            try #require(planned.status == 0, "\(planned.errors)")

            // The same databases with the same OIDs and schemas, on a server of another origin.
            try await TestServer.with(identity: 1) { other in
                try await Self.prepare(other, as: root)
                try await Self.refuse(root, door, other, "is another server: system identifier")
            }
            try await origin.withStandby(settings: Self.settings) { standby in
                try await Self.refuse(root, door, standby, "is a standby")
                let applied = try await root.reconcile("apply", "here", "--auto-approve")
                #expect(applied.status == 3, "applied to a standby: \(applied.status) \(applied.errors)")
                _ = try await standby.value("SELECT pg_promote()")
                // Its control file tells the old timeline until the first checkpoint.
                try await Self.refuse(root, door, standby, "timeline 2 instead of 1")
                _ = try await standby.psql("CHECKPOINT")
                try await Self.refuse(root, door, standby, "timeline 2 instead of 1")
            }
            // With the one it was made for the plan is still good.
            try door.lead(to: origin)
            let applied = try await root.reconcile("apply", "plan.json")
            #expect(applied.status == 0, "\(applied.status) \(applied.errors)")
        }
    }

    /// Puts a server behind the door and wants the plan to be refused, and no transaction there to have written.
    private static func refuse(
        _ root: ScenarioRoot,
        _ door: Door,
        _ server: EmbeddedServer,
        _ reason: String
    ) async throws {
        Sweep.tried()
        try door.lead(to: server)
        let before = try await server.writes()
        let run = try await root.reconcile("apply", "plan.json")
        #expect(run.status == 5, "\(reason): \(run.status) \(run.errors)")
        #expect(run.errors.contains(reason), "\(reason): \(run.errors)")
        #expect(try await server.writes() == before, "\(reason): something was written")
    }

    private static func prepare(_ server: EmbeddedServer, as root: ScenarioRoot) async throws {
        let result = try await server.psql(Files.text("\(root.folder.path)/before.sql") ?? "")
        guard result.status == 0 else { throw ProgramFailure("psql", result) }
    }

    @Test(.proves(9), .timeLimit(.minutes(5)))
    func `of two instances that are one server or its copy neither is touched`() async throws {
        let template = try await SweepTemplate.make("behind-by-one")
        try await template.with { root in
            // A copy of the data folder beside it: the same system identifier, timeline and OIDs.
            try await template.with { clone in
                let manifest = "\(root.folder.path)/environments/here.yaml"
                let copy =
                    "  copy:\n    connection: {host: \"\(clone.server.folder)\", user: postgres, dbname: postgres}"
                let text = (Files.text(manifest) ?? "").replacing("databases:", with: "\(copy)\ndatabases:")
                    .replacing("{name: hub,", with: "{name: hub, instance: main,")
                    .replacing(/\{match: "tenant_\*",/, with: "{match: \"tenant_*\", instance: copy,")
                try Files.write(text, to: manifest)
                let before = [try await root.server.writes(), try await clone.server.writes()]
                let identifier = try await root.server.value("SELECT system_identifier FROM pg_control_system()")
                let commands = [
                    (["plan", "here", "--detailed-exitcode"], 1), (["apply", "here", "--auto-approve"], 3),
                ]
                for (arguments, status) in commands {
                    Sweep.tried()
                    let run = try await root.run(TestPrograms.reconcile, arguments)
                    #expect(run.status == status, "\(arguments): \(run.status) \(run.outputText)\(run.errors)")
                    #expect((run.outputText + run.errors).contains(identifier), "\(run.outputText)\(run.errors)")
                }
                #expect(try await [root.server.writes(), clone.server.writes()] == before)
            }
        }
    }

    @Test(.proves(9, 21), .timeLimit(.minutes(60)))
    func `a copy that takes the server's place in the midst of a run is not touched`() async throws {
        let template = try await SweepTemplate.make("everything-at-once")
        let count = try await template.effects().count
        try await Sweep.tryEach(Sweep.pick(Array(1...count), quick: 1, sample: 3), width: 2) { number in
            try await Self.exchange(template, at: number)
        }
    }

    /// Stops a run at an effect, puts a running copy behind the address, lets the run go on, and finishes where it began.
    private static func exchange(_ template: SweepTemplate, at number: Int) async throws {
        try await template.with { root in
            try await template.with { clone in
                let door = try Door(to: root.server)
                try root.enter(by: door)
                let before = try await clone.server.writes()
                async let first = root.run(
                    "/bin/sh",
                    ["-c", "echo $$ >pid; exec \"$RECONCILE\" apply here --auto-approve"],
                    ["RECONCILE_CRASH_AT": "\(number):stop"]
                )
                let pid = try await SweepTemplate.stopped("\(root.folder.path)/pid")
                try door.lead(to: clone.server)
                kill(pid, SIGCONT)
                let ended = try await first
                let what = "exchanged at \(number): \(ended.status) \(ended.errors)"
                #expect([0, 1, 5].contains(ended.status), "\(what)")
                #expect(try await clone.server.writes() == before, "\(what)\nthe copy was written to")
                try door.lead(to: root.server)
                try await template.complete(root, what)
            }
        }
    }
}
