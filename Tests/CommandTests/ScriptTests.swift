import Effects
import FleetModel
import Servers
import Testing
import TestSupport

/// Sessions at a shell, with the real program on real servers: each file of `Scripts` is one.
///
/// `ONLY=part-of-a-name,…` plays those alone.
@Suite struct ScriptTests {
    static let folder = Here.folder("Scripts")
    /// All, or where invariants are proved those that prove one.
    static let names = Here.wanted((Files.names(in: folder) ?? []).filter { $0.hasSuffix(".txtar") }).filter { name in
        ProcessEnvironment.value("RECONCILE_LEDGER") == nil
            || !invariants(Files.text("\(folder)/\(name)") ?? "").isEmpty
    }

    @Test(.timeLimit(.minutes(3)), arguments: names)
    func `a script's session goes as it is written`(name: String) async throws {
        let path = "\(Self.folder)/\(name)"
        let text = try #require(Files.text(path))
        let script = try Script(parsing: text)
        guard await ScriptSession.canPlay(script) else { return }
        try await Proves.note(Self.invariants(text), name) {
            try await ScriptSession.play(script, source: path, estates: Here.folder("Estates"))
        }
    }

    /// Those in which a superuser's login works on a server, and could be another; a container's superuser is its own.
    private static let byLogin = Here.wanted((Files.names(in: folder) ?? []).filter { $0.hasSuffix(".txtar") }).filter {
        let text = Files.text("\(folder)/\($0)") ?? ""
        return text.contains(#/(?m)^server /#) && !text.contains(#/(?m)^container /#) && ScriptLogin(text) != nil
    }

    @Test(.proves(34), .timeLimit(.minutes(3)), arguments: Sweep.pick(byLogin, quick: 2, sample: 4))
    func `so does it by the login of docs/least-privilege.md`(name: String) async throws {
        let text = try #require(Files.text("\(Self.folder)/\(name)"))
        let script = try Script(parsing: text)
        guard await ScriptSession.canPlay(script) else { return }
        try await ScriptSession.play(script, estates: Here.folder("Estates"), login: ScriptLogin(text))
    }

    /// Which invariants a script says it proves: `# proves: 10 13`.
    static func invariants(_ text: String) -> [Int] {
        let numbers = text.firstMatch(of: #/(?m)^# proves: ([0-9 ]+)$/#)?.1.split(separator: " ") ?? []
        return numbers.compactMap { Int($0) }
    }

    /// Two majors: the oldest and the newest that are installed; `PATH` may name more than a machine's own.
    static func majors() async -> (older: Int, newer: Int)? {
        let all = await PostgresPrograms.all(explicit: nil).filter(\.hasServer).map(\.version.major)
        guard let older = all.min(), let newer = all.max(), older < newer else { return nil }
        return (older, newer)
    }

    @Test(
        .enabled("two majors of PostgreSQL must be installed or on PATH") { await majors() != nil },
        .timeLimit(.minutes(3)),
        arguments: Files.names(in: "\(folder)/majors") ?? []
    )
    func `so does one between two majors`(name: String) async throws {
        let majors = try #require(await Self.majors())
        let text = try #require(Files.text("\(Self.folder)/majors/\(name)"))
            .replacing("${older}", with: "\(majors.older)").replacing("${newer}", with: "\(majors.newer)")
        try await ScriptSession.play(try Script(parsing: text), estates: Here.folder("Estates"))
    }

    @Test func `there are scripts`() {
        #expect(ProcessEnvironment.value("RECONCILE_LEDGER") != nil || !Self.names.isEmpty)
    }
}
