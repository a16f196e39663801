internal import Effects
internal import Glibc
internal import Servers

extension ScriptSession {
    /// Types what a page tells its reader to type, and holds what it shows against what is printed.
    ///
    /// Commands find the program as `reconcile`, in the root, which is the reader's folder. What stands in the page for a
    /// private server's folder is said by the verb `called`.
    func follow(_ page: HandbookPage) async throws {
        try makeProgramFolder()
        for block in page.blocks {
            switch block.use {
            case .notRun: continue
            case .file(let path): try root.write(staged(block.text), to: path)
            case .shell:
                last = try await run("/bin/sh", ["-e", "-c", staged(block.text)])
                guard last.status == 0 else { throw fault(page, block.line, "it ended with \(last.status)") }
            case .console:
                let commands = try block.commands()
                var status = 0
                for (index, command) in commands.enumerated() {
                    // As on a terminal, both outputs are one, and `$?` is what the command before ended with.
                    let words = "exec 2>&1\n(exit \(status))\n" + staged(command.text)
                    last = try await run("/bin/sh", ["-c", words])
                    status = last.status
                    if let difference = Excerpt.difference(shown: command.output, output: published(last.outputText)) {
                        throw fault(page, command.line, difference)
                    }
                    let next = index + 1 < commands.count ? commands[index + 1].text : ""
                    guard status == 0 || next == "echo $?" else {
                        throw fault(page, command.line, "it ended with \(status), and the page does not say so")
                    }
                }
            }
        }
    }

    private func makeProgramFolder() throws {
        let folder = "\(root.path)/home/bin"
        mkdir("\(root.path)/home", 0o755)
        mkdir(folder, 0o755)
        guard symlink(TestPrograms.reconcile, "\(folder)/reconcile") == 0 else {
            throw Misstep("the program cannot be linked into \(folder)")
        }
        environment["PATH"] = folder + ":" + (environment["PATH"] ?? "/usr/bin:/bin")
    }

    /// A page's text with the private servers in the places of those it names.
    private func staged(_ text: String) -> String {
        standIns.reduce(text) { $0.replacing($1.name, with: $1.folder) }
    }

    /// What was printed, as the page has it.
    private func published(_ text: String) -> String {
        standIns.reduce(text) { $0.replacing($1.folder, with: $1.name) }.replacing(root.path, with: "…")
    }

    private func fault(_ page: HandbookPage, _ line: Int, _ message: String) -> Misstep {
        Misstep("\(page.path):\(line): \(message)\n--- status \(last.status)\n\(last.outputText)\(last.errors)")
    }
}
