internal import Effects
internal import FleetModel
internal import Glibc
internal import Migrations

extension ExpectedSource {
    /// What a program printed; what is no command stays as it is.
    ///
    /// The program gets our environment without what could lead it to a server (`PG*`, `DATABASE_URL`) and without the
    /// `secrets`, names of variables that the manifests read passwords from: a schema is printed from code alone, and
    /// whatever a package manager runs needs neither.
    package func printed(withholding secrets: Set<String>) async throws -> ExpectedSource {
        guard case .command(let words, let folder, let limit) = self else { return self }
        guard let program = words.first.flatMap({ Self.find($0, in: folder) }) else {
            return .failed("there is no program \"\(words.first ?? "")\"")
        }
        var environment = ProcessEnvironment.withoutPostgres.filter { !secrets.contains($0.key) }
        environment["NO_COLOR"] = "1"
        environment["FORCE_COLOR"] = nil
        var command = Command(
            program,
            Array(words.dropFirst()),
            environment: environment,
            folder: folder,
            timeLimit: limit
        )
        command.speechLimit = Self.outputLimit
        // What it left in the background has nothing more to print for us.
        command.endsWhole = true
        let title = words.joined(separator: " ")
        do {
            let result = try await command.run(limit: Self.outputLimit)
            guard result.status == 0 else {
                return .failed("\"\(title)\" ended with status \(result.status)\(Self.excerpt(result.errors))")
            }
            let text = try SchemaText(result.output, title: "\"\(title)\"")
            // An empty schema would mean that nothing of the migrations is wanted any longer.
            guard !text.statements.isEmpty else {
                return .failed("\"\(title)\" ended with status 0 and printed no statement")
            }
            return .text(text)
        } catch let error as SchemaText.Fault {
            return .failed("what \"\(title)\" printed is no SQL: line \(error.line): \(error.message)")
        } catch CommandError.tookTooLong {
            return .failed("\"\(title)\" was ended: it ran longer than \(limit)")
        } catch CommandError.saidTooMuch {
            return .failed("\"\(title)\" was ended: it printed more than \(Self.outputLimit >> 20) MB")
        } catch CommandError.notStarted(_, let reason) {
            return .failed("\"\(title)\" cannot be run: \(reason)")
        }
    }

    private static let outputLimit = 16 << 20

    /// The last line of what it said is where programs say what is wrong.
    private static func excerpt(_ errors: String) -> String {
        guard let line = errors.split(whereSeparator: \.isNewline).last(where: { !$0.allSatisfy(\.isWhitespace) })
        else {
            return ""
        }
        return ": \(line.prefix(200))"
    }

    private static func find(_ program: String, in folder: String) -> String? {
        if program.hasPrefix("/") { return program }
        if program.contains("/") { return "\(folder)/\(program)" }
        let folders = (ProcessEnvironment.value("PATH") ?? "").split(separator: ":")
        return folders.map { "\($0)/\(program)" }.first { access($0, X_OK) == 0 }
    }
}
