internal import ArgumentParser
internal import Discovery
internal import Effects
internal import FleetModel
internal import Reports

struct InitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Writes manifests for servers that exist.",
        usage: "reconcile init [<options>]",
        discussion: """
            Finds servers as `discover` does and writes environments/ROLE.yaml and
            manifests/CLASS.yaml, all of them or none, and never over a file that
            is there. Each instance's role is asked for or given by --role: nothing
            is ever guessed not to be production. Databases become of a class by
            the tables that its migrations create; one that fits no known folder of
            migrations is left to you, and the files say so. Versions are those
            that were found, so the first plan names only what is truly wrong.

            EXAMPLES
              reconcile init
              reconcile init --role local-5432=development
              reconcile init --instance rsm-postgres --role rsm-postgres=production \\
                --migrations tenant=drizzle/tenant --migrations master=drizzle/master
              reconcile init --via ssh:root@vps --role vps-rsm-postgres=production

              $ reconcile init --role local-5432=development
              Wrote environments/development.yaml
              Wrote manifests/tenant.yaml
              Now: reconcile validate, then reconcile plan
            """
    )

    @OptionGroup var common: CommonOptions
    @OptionGroup var formatting: FormatOptions<OutputFormat>
    @OptionGroup var options: DiscoveryOptions

    @Option(
        help: .init(
            "Role of an instance: development, testing, staging, production, or skip to leave it out; may be repeated.",
            valueName: "name=role"
        )
    )
    var role: [String] = []

    @Option(
        help: .init("A class and the folder of its migrations; may be repeated.", valueName: "class=dir"),
        completion: .directory
    )
    var migrations: [String] = []

    @Option(help: .init("Only this instance, as `discover` names it; may be repeated.", valueName: "name"))
    var instance: [String] = []

    func validate() throws {
        _ = try answers()
        for text in migrations { _ = try Self.pair(text, "--migrations", "CLASS=DIR") }
    }

    func run() async throws {
        let terminal = common.terminal
        let declared = Workspace.exists(in: common.root) ? try Workspace.load(common, format: formatting.format) : nil
        let given = try migrations.map { try Self.pair($0, "--migrations", "CLASS=DIR") }
        let drafting = try DraftedClasses(root: common.root, declared: declared, given: given)
        for note in drafting.notes { terminal.note(note) }
        if !drafting.faults.isEmpty {
            terminal.say(Workspace.text(of: drafting.faults, common.root, terminal.errorStyle))
            throw Ending(.invalid)
        }
        var finder = Finder(options: options, workspace: drafting.workspace) { terminal.say($0) }
        if formatting.format == .text { finder.tell = { terminal.tell($0) } }
        let report = try await finder.find()
        terminal.rest()
        let chosen = try roles(of: try candidates(report), among: report.servers.map(\.name))
        guard !chosen.isEmpty else {
            throw Ending(.failed, "there is no server to write a manifest for", hint: "see `reconcile discover`")
        }
        let draft = ManifestDraft(
            servers: chosen,
            classes: drafting.classes,
            passwordVariable: options.passwordEnv
        )
        try ManifestFiles(root: drafting.workspace.fleet.root, files: draft.files).write(common)
        try show(draft)
    }

    // MARK: Which, and as what

    /// Servers to write down: reached, declared by nobody, and among those that were asked for.
    private func candidates(_ report: DiscoveryReport) throws -> [FoundServer] {
        for name in instance where !report.servers.contains(where: { $0.name == name }) {
            let all = report.servers.map { "\"\($0.name)\"" }.joined(separator: ", ")
            throw Ending(.usage, "no server was found that is named \"\(name)\"", hint: "there are \(all)")
        }
        return report.servers.filter { server in
            guard instance.isEmpty || instance.contains(server.name) else { return false }
            if let declaredAs = server.declaredAs {
                common.terminal.note(
                    "\(server.name): is declared already, as \(TerminalText.safe(declaredAs)); left out"
                )
                return false
            }
            if server.reached?.facts.inRecovery == true {
                common.terminal.note("\(server.name): left out, since it is a standby: nothing can be changed on it")
                return false
            }
            if case .unreached(let reason) = server.outcome {
                common.terminal.say(
                    "\(server.name): left out, since it cannot be reached: \(TerminalText.safe(reason))"
                )
                return false
            }
            return true
        }
    }

    private func roles(
        of servers: [FoundServer],
        among names: [String]
    ) throws -> [(server: FoundServer, role: EnvironmentRole)] {
        let given = try answers()
        for name in given.keys.sorted() where !names.contains(name) {
            let all = names.map { "\"\($0)\"" }.joined(separator: ", ")
            throw Ending(.usage, "--role: no server was found that is named \"\(name)\"", hint: "there are \(all)")
        }
        let unanswered = servers.filter { given[$0.name] == nil }.map(\.name)
        if !common.terminal.isInteractive, !unanswered.isEmpty {
            throw Ending(
                .usage,
                "the role of \(unanswered.map { "\"\($0)\"" }.joined(separator: ", ")) is not known, so nothing was written",
                hint: "say it: " + unanswered.map { "--role \($0)=…" }.joined(separator: " ")
                    + " (development, testing, staging, production or skip)"
            )
        }
        return try servers.compactMap { server in
            switch try given[server.name] ?? ask(server) {
            case .skip: nil
            case .role(let role): (server, role)
            }
        }
    }

    private enum Choice { case skip, role(EnvironmentRole) }

    private func ask(_ server: FoundServer) throws -> Choice {
        let terminal = common.terminal
        let names = (server.reached?.databases ?? []).map(\.name)
        terminal.say(
            TerminalText.safe(
                "\(server.name), \(server.address?.description ?? ""): "
                    + (names.isEmpty ? "no databases" : names.prefix(6).joined(separator: ", "))
                    + (names.count > 6 ? " and \(names.count - 6) more" : "")
            )
        )
        for _ in 0..<3 {
            let line = terminal.answer(to: "  Its role (development, testing, staging, production, skip): ")
            try Task.checkCancellation()
            guard let line else { break }
            if let choice = Self.choice(line) { return choice }
        }
        throw Ending(
            .usage,
            "the role of \"\(server.name)\" is not known, so nothing was written",
            hint: "say it: --role \(server.name)=…"
        )
    }

    private static func choice(_ text: String) -> Choice? {
        text == "skip" ? .skip : EnvironmentRole(rawValue: text).map { .role($0) }
    }

    private func answers() throws -> [String: Choice] {
        var answers: [String: Choice] = [:]
        for text in role {
            let (name, value) = try Self.pair(text, "--role", "NAME=ROLE")
            guard let choice = Self.choice(value) else {
                let all = EnvironmentRole.allCases.map(\.rawValue).joined(separator: ", ")
                throw ValidationError("no role is named \"\(value)\"; there are \(all), and skip")
            }
            guard answers.updateValue(choice, forKey: name) == nil else {
                throw ValidationError("--role says the role of \"\(name)\" twice")
            }
        }
        return answers
    }

    private static func pair(_ text: String, _ flag: String, _ form: String) throws -> (String, String) {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
            throw ValidationError("\(flag) takes \(form), not \"\(text)\"")
        }
        return (parts[0], parts[1])
    }

    // MARK: What was done

    private func show(_ draft: ManifestDraft) throws {
        switch formatting.format {
        case .json:
            let document: JSONValue = [
                "written": JSONValue(draft.files.map(\.path)),
                "left_out": .array(
                    draft.leftOut.map { left in
                        [
                            "instance": .string(left.instance), "database": .string(left.database),
                            "reason": .string(left.reason),
                        ]
                    }
                ),
            ]
            try common.write(document.canonical)
        case .text:
            var lines = draft.files.map { "Wrote \($0.path)" }
            lines += LeftOutText(draft.leftOut).lines(common.detail)
            if !common.quiet { lines.append("Now: reconcile validate, then reconcile plan") }
            try common.write(lines.map(TerminalText.safe).joined(separator: "\n"))
        }
    }
}
