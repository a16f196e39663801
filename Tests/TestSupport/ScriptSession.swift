internal import Effects
internal import Glibc
internal import Servers

/// Plays a script on real servers and with the real program.
///
/// | verb | what it does |
/// |---|---|
/// | `server NAME [MAJOR] [SETTING=VALUE…]` | a private server; all are started before the first command |
/// | `container NAME [SETTING=VALUE…]` | the same in a container without a network; `${NAME.container}` is its name |
/// | `sshd NAME` | a private sshd; `${NAME}` is the configuration in which its destination is `vps` |
/// | `estate NAME [VARIABLE=VALUE…]` | begins with the files of a folder of estates; the script's own win over them |
/// | `sql [ROLE@]NAME[/DATABASE] 'SQL'…` | runs statements with psql; `<FILE` runs a file |
/// | `expect [ROLE@]NAME[/DATABASE] 'SQL' 'VALUE'` | fields apart by a blank, rows by `; ` |
/// | `wait-until …` | the same, tried again for 20 s |
/// | `reconcile ARGUMENT…` | runs the program in the root; it must end with 0, with `!` with anything else |
/// | `kill-after N ARGUMENT…` | lets it die at its Nth effect (`N:before`, `N:stop` as in `RECONCILE_CRASH_AT`) |
/// | `interrupt-after MS ARGUMENT…` | sends it SIGINT |
/// | `background NAME ARGUMENT…`, `signal INT NAME`, `await NAME` | runs it beside what follows; awaits its end |
/// | `status N`, `stdout 'TEXT'`, `stderr '/REGEX/'` | what the last command did; `!` before them: did not |
/// | `stdout-is FILE` | the whole output, as recorded; `RECORD=1` records it and fails |
/// | `cmp FILE FILE`, `sh 'COMMAND'`, `env NAME=VALUE`, `env NAME`, `stop NAME` | |
/// | `called PATH NAME` | in the page that follows, the path stands for the server's folder |
///
/// `${NAME}` is a server's socket folder, `${root}` the root, or a variable of the estate, in commands as in files.
package actor ScriptSession {
    let script: Script
    /// Where the script itself is, to be rewritten by `RECORD=1`.
    let source: String?
    let servers: [String: EmbeddedServer]
    let root: TemporaryFolder
    let variables: [String: String]
    /// Names that are others in every run.
    private let places: [String: String]
    var environment: [String: String]
    var last = CommandResult(status: 0, output: [], errors: "")
    var lastCommand: Script.Line?
    var background: [String: Task<CommandResult, any Error>] = [:]
    var recorded: [String] = []
    var standIns: [(name: String, folder: String)] = []
    /// Nil: the login that the script says.
    let login: ScriptLogin?

    /// Starts the script's servers, runs its lines in order, and stops the servers.
    ///
    /// - Parameters:
    ///   - script: what to play.
    ///   - source: where the script itself is, to be rewritten by `RECORD=1`.
    ///   - estates: the folder in which the verb `estate` finds its files.
    ///   - page: what is typed after the script's own lines.
    ///   - login: plays it by the least-privilege login instead of a superuser's.
    /// - Throws: `ScriptFailure` where a line did not go as written, `Misstep` where output was recorded anew or an
    ///   estate is missing, or what kept a server from starting.
    package static func play(
        _ script: Script,
        source: String? = nil,
        estates: String = "",
        page: HandbookPage? = nil,
        login: ScriptLogin? = nil
    ) async throws {
        // Who is behind a hop must be known to it, so containers come before what leads to them.
        let declared = ["server", "container", "sshd"].flatMap { verb in script.lines.filter { $0.verb == verb } }
        try await start(declared[...], Surroundings()) { surroundings in
            let session = try ScriptSession(script, source: source, surroundings, estates: estates, login)
            try await login?.prepare(surroundings.servers)
            try await session.play()
            if let page { try await session.follow(page) }
        }
    }

    /// Whether what the script needs can be had here; what cannot is said on stderr.
    package static func canPlay(_ script: Script) async -> Bool {
        let verbs = Set(script.lines.map(\.verb))
        if verbs.contains("sshd"), !TestSSHServer.isAvailable { return false }
        guard verbs.contains("container") else { return true }
        return await TestDocker.isAvailable()
    }

    /// What is started before the first command.
    private struct Surroundings {
        var servers: [String: EmbeddedServer] = [:]
        var variables: [String: String] = [:]
        var environment: [String: String] = [:]
    }

    private static func start(
        _ declared: ArraySlice<Script.Line>,
        _ started: Surroundings,
        _ body: (Surroundings) async throws -> Void
    ) async throws {
        guard let line = declared.first else { return try await body(started) }
        guard let name = line.arguments.first else {
            throw Script.Fault(line: line.number, message: "\(line.verb) takes a name")
        }
        var next = started
        if line.verb == "sshd" {
            return try await TestSSHServer.with(environment: started.environment) { sshd in
                next.variables[name] = "\(sshd.folder)/config"
                try await start(declared.dropFirst(), next, body)
            }
        }
        var settings: [String: String] = [:]
        var major: Int?
        for argument in line.arguments.dropFirst() {
            let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
            if parts.count == 2 { settings[parts[0]] = parts[1] } else { major = Int(argument) }
        }
        if line.verb == "container" {
            let docker = try await TestDocker.shared()
            return try await docker.container(identity: started.servers.count, settings: settings) { container in
                next.servers[name] = container.server
                next.variables["\(name).container"] = container.name
                next.environment.merge(docker.environment) { $1 }
                try await start(declared.dropFirst(), next, body)
            }
        }
        try await TestServer.with(identity: started.servers.count, major: major, settings: settings) { server in
            next.servers[name] = server
            try await start(declared.dropFirst(), next, body)
        }
    }

    private init(
        _ script: Script,
        source: String?,
        _ surroundings: Surroundings,
        estates: String,
        _ login: ScriptLogin?
    ) throws {
        self.script = script
        self.login = login
        self.source = source
        servers = surroundings.servers
        root = try TemporaryFolder()
        environment = TestPrograms.environment(home: "\(root.path)/home").merging(surroundings.environment) { $1 }
        var variables = servers.mapValues(\.folder).merging(surroundings.variables) { $1 }
        places = surroundings.variables
        variables["root"] = root.path
        var files: [Script.File] = []
        for line in script.lines where line.verb == "estate" {
            let estate = try Estate(line.arguments, in: estates, servers: variables)
            variables.merge(estate.variables) { $1 }
            files += estate.files
        }
        self.variables = variables
        for file in files + script.files {
            let text = Estate.expanded(file.content, variables)
            try root.write(login?.adapted(text, servers) ?? text, to: Estate.expanded(file.path, variables))
        }
    }

    private func play() async throws {
        for line in script.lines where !["server", "container", "sshd", "estate"].contains(line.verb) {
            do {
                var expanded = line
                expanded.arguments = line.arguments.map { Estate.expanded($0, variables) }
                try await perform(expanded)
            } catch {
                for task in background.values { task.cancel() }
                throw ScriptFailure(
                    script: script.title,
                    line: line,
                    message: "\(error)",
                    command: lastCommand,
                    result: last
                )
            }
        }
        for task in background.values { task.cancel() }
        guard recorded.isEmpty else {
            throw Misstep("recorded \(recorded.joined(separator: ", ")): look at the difference")
        }
    }

    /// What differs between two runs that did the same is written as a name.
    func normalized(_ text: String) -> String {
        var text = text.replacing(root.path, with: "${root}")
        for (name, server) in servers { text = text.replacing(server.folder, with: "${\(name)}") }
        for (name, place) in places { text = text.replacing(place, with: "${\(name)}") }
        return TestOutput.withoutChance(text)
            .replacing(/PostgreSQL \d+(\.\d+|beta\d+|rc\d+)/, with: "PostgreSQL <version>")
    }

    func server(_ target: String) throws -> (server: EmbeddedServer, database: String, role: String) {
        let parts = target.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let words = parts[0].split(separator: "@").map(String.init)
        guard let name = words.last, let server = servers[name] else { throw Misstep("no server is named \(parts[0])") }
        return (
            server, parts.count == 2 ? parts[1] : "postgres", words.count == 2 ? words[0] : EmbeddedServer.superuser
        )
    }
}

/// A step of a script did not go as written.
struct Misstep: Error, CustomStringConvertible {
    var description: String
    init(_ description: String) { self.description = description }
}

package struct ScriptFailure: Error, CustomStringConvertible {
    package var script: String
    package var line: Script.Line
    package var message: String
    var command: Script.Line?
    var result: CommandResult

    package var description: String {
        var text = "\(script)\nline \(line.number): \(line.text)\n\(message)"
        if let command {
            text +=
                "\n--- line \(command.number): \(command.text)\n--- status \(result.status)\n--- stdout\n\(result.outputText)"
            text += "--- stderr\n\(result.errors)---"
        }
        return text
    }
}

/// Output made comparable.
package enum TestOutput {
    /// Writes run ids, moments and durations as what they are.
    package static func withoutChance(_ text: String) -> String {
        text.replacing(/\b\d{12}[0-9a-z]{4}\b/, with: "<run>")
            .replacing(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d(:\d\d)?)?/, with: "<time>")
            .replacing(/\(\d+(\.\d+)? ?(ms|s|min)\)/, with: "(<took>)")
    }
}
