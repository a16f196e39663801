internal import Effects
internal import Glibc
internal import Servers

extension ScriptSession {
    func perform(_ line: Script.Line) async throws {
        let arguments = line.arguments
        func need(_ count: Int) throws {
            guard arguments.count >= count else { throw Misstep("\(line.verb) takes \(count) arguments or more") }
        }
        switch line.verb {
        case "reconcile": try await command(line, TestPrograms.reconcile, arguments)
        case "sh":
            try need(1)
            try await command(line, "/bin/sh", ["-c", arguments[0]])
        case "kill-after":
            try need(2)
            last = try await run(
                TestPrograms.reconcile,
                Array(arguments.dropFirst()),
                ["RECONCILE_CRASH_AT": arguments[0]]
            )
            lastCommand = line
            guard last.status == 137 else { throw Misstep("it was not killed at \(arguments[0])") }
        case "interrupt-after":
            try need(2)
            try startInBackground("interrupted", Array(arguments.dropFirst()))
            try await Task.sleep(for: .milliseconds(Int(arguments[0]) ?? 0))
            try await send("INT", to: "interrupted")
            try await finish("interrupted", line)
        case "background":
            try need(2)
            try startInBackground(arguments[0], Array(arguments.dropFirst()))
        case "signal":
            try need(2)
            try await send(arguments[0], to: arguments[1])
        case "await":
            try need(1)
            try await finish(arguments[0], line)
        case "sql":
            try need(2)
            try await sql(line)
        case "expect", "wait-until":
            try need(3)
            try await expect(arguments[0], arguments[1], arguments[2], patience: line.verb == "expect" ? 0 : 20)
        case "status":
            try need(1)
            guard (String(last.status) == arguments[0]) != line.isNegated else {
                throw Misstep("the status is \(last.status)")
            }
        case "stdout", "stderr":
            try need(1)
            let text = line.verb == "stdout" ? last.outputText : last.errors
            guard try Self.matches(text, arguments[0]) != line.isNegated else {
                throw Misstep(line.isNegated ? "it is there" : "it is not there")
            }
        case "stdout-is":
            try need(1)
            try compareOutput(arguments[0])
        case "cmp":
            try need(2)
            let contents = try arguments.prefix(2).map { path in
                guard let bytes = Files.bytes(self.path(path)) else { throw Misstep("\(path) cannot be read") }
                return bytes
            }
            guard (contents[0] == contents[1]) != line.isNegated else {
                throw Misstep(line.isNegated ? "they are equal" : "they differ")
            }
        case "env":
            try need(1)
            let parts = arguments[0].split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(
                String.init
            )
            environment[parts[0]] = parts.count == 2 ? parts[1] : nil
        case "called":
            try need(2)
            let folder = try server(arguments[1]).server.folder
            let bases = [arguments[0], folder].map { String($0.split(separator: "/").last ?? "") }
            // An instance is named after its folder.
            standIns += [(arguments[0], folder), (bases[0], bases[1])]
        case "stop":
            try need(1)
            try server(arguments[0]).server.crash()
        default: throw Misstep("no verb is named \(line.verb)")
        }
    }

    private func command(_ line: Script.Line, _ program: String, _ arguments: [String]) async throws {
        last = try await run(program, arguments)
        lastCommand = line
        guard (last.status != 0) == line.isNegated else { throw Misstep("it ended with \(last.status)") }
        if program == TestPrograms.reconcile { try Self.holdAgainstSchema(arguments, last) }
    }

    func run(_ program: String, _ arguments: [String], _ extra: [String: String] = [:]) async throws -> CommandResult {
        try await Command(
            program,
            arguments,
            environment: environment.merging(extra) { $1 },
            folder: root.path,
            timeLimit: .seconds(120)
        ).run()
    }

    private func path(_ name: String) -> String { name.hasPrefix("/") ? name : "\(root.path)/\(name)" }

    private func sql(_ line: Script.Line) async throws {
        let (server, database, role) = try server(line.arguments[0])
        let login = line.arguments[0].contains("@") ? nil : login
        for text in line.arguments.dropFirst() {
            var input = text
            if text.hasPrefix("<") {
                guard let read = Files.text(path(String(text.dropFirst()))) else {
                    throw Misstep("\(text) cannot be read")
                }
                input = read
            }
            input = try await login?.adapted(sql: input, of: server, in: database) ?? input
            last = try await server.psql(input, database: database, role: role)
            lastCommand = line
            guard (last.status != 0) == line.isNegated else { throw Misstep("psql ended with \(last.status)") }
            if database == "postgres" { try await login?.take(servers) }
        }
    }

    private func expect(_ target: String, _ query: String, _ value: String, patience: Int) async throws {
        let (server, database, role) = try server(target)
        let end = ContinuousClock.now + .seconds(patience)
        while true {
            let found: String
            do { found = try await server.value(query, database: database, role: role) } catch { found = "\(error)" }
            // Who did something is the login.
            if found == value || login != nil && found == value.replacing("postgres", with: LeastPrivilege.login) {
                return
            }
            guard ContinuousClock.now < end else { throw Misstep("found \"\(found)\"") }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    /// Text is looked for as it stands, between slashes as a regular expression whose `^` and `$` are a line's.
    static func matches(_ text: String, _ pattern: String) throws -> Bool {
        guard pattern.count > 2, pattern.hasPrefix("/"), pattern.hasSuffix("/") else { return text.contains(pattern) }
        let regex = try Regex(String(pattern.dropFirst().dropLast())).anchorsMatchLineEndings()
        return text.contains(regex)
    }

    private func compareOutput(_ name: String) throws {
        // Whole outputs name the owner of what is created.
        guard login == nil else { return }
        let output = normalized(last.outputText)
        guard output != script.file(name)?.content else { return }
        guard ProcessEnvironment.value("RECORD") != nil, let source, let text = Files.text(source) else {
            throw Misstep(Difference.between(script.file(name)?.content ?? "", output))
        }
        try Files.write(Script.replacing(name, with: output, in: text), to: source)
        recorded.append(name)
    }

    // Beside what follows ----------------------------------------------------------------------------------------

    /// The shell writes its own process id down and becomes the program.
    private func startInBackground(_ name: String, _ arguments: [String]) throws {
        let pidFile = "\(root.path)/.pid-\(name)"
        let command = Command(
            "/bin/sh",
            ["-c", #"echo $$ >"$1.new"; mv "$1.new" "$1"; shift; exec "$@""#, "sh", pidFile, TestPrograms.reconcile]
                + arguments,
            environment: environment,
            folder: root.path,
            timeLimit: .seconds(120)
        )
        background[name] = Task { try await command.run() }
    }

    private func send(_ signal: String, to name: String) async throws {
        for _ in 0..<500 where Files.bytes("\(root.path)/.pid-\(name)") == nil {
            try await Task.sleep(for: .milliseconds(10))
        }
        let numbers = ["INT": SIGINT, "TERM": SIGTERM, "KILL": SIGKILL, "STOP": SIGSTOP, "CONT": SIGCONT]
        guard let number = numbers[signal], let text = Files.text("\(root.path)/.pid-\(name)"),
            let id = pid_t(text.dropLast())
        else { throw Misstep("no process is named \(name), or no signal \(signal)") }
        kill(id, number)
    }

    private func finish(_ name: String, _ line: Script.Line) async throws {
        guard let task = background.removeValue(forKey: name) else { throw Misstep("nothing runs as \(name)") }
        last = try await task.value
        lastCommand = line
        Files.remove("\(root.path)/.pid-\(name)")
    }
}

/// Two texts, told apart line by line.
package enum Difference {
    package static func between(_ expected: String, _ found: String) -> String {
        let expected = expected.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let found = found.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let changes = found.difference(from: expected)
        let lines = changes.map { change in
            switch change {
            case .remove(let line, let text, _): (line, 0, "-\(line + 1): \(text)")
            case .insert(let line, let text, _): (line, 1, "+\(line + 1): \(text)")
            }
        }
        return "it differs (- recorded, + found):\n"
            + lines.sorted { ($0.0, $0.1) < ($1.0, $1.1) }.prefix(60).map(\.2).joined(separator: "\n")
    }
}
