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
