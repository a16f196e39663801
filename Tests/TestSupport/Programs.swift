package import Effects
internal import Glibc
package import Servers

/// The program under test, and the ones a person would use beside it.
package enum TestPrograms {
    /// `RECONCILE`, else what was built beside these tests.
    package static let reconcile: String = {
        if let named = ProcessEnvironment.value("RECONCILE") { return named }
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count - 1)
        let this = String(decoding: buffer.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return this.split(separator: "/").dropLast().reduce(into: "") { $0 += "/\($1)" } + "/reconcile"
    }()

    /// The folder of the scripts that pipelines call.
    private static let pipeline =
        #filePath.split(separator: "/").dropLast(3).reduce(into: "") { $0 += "/\($1)" } + "/scripts/pipeline"

    /// What a child starts with: nothing of the caller's habits, and a home of its own.
    package static func environment(home: String) -> [String: String] {
        var environment = [
            "PATH": ProcessEnvironment.value("PATH") ?? "/usr/bin:/bin", "HOME": home,
            // One seal for all: what a template's scratch learned is believed in its copies.
            "XDG_STATE_HOME": "\(TestServer.parent)/rcl-template-\(geteuid())-state", "LANG": "C.UTF-8", "TZ": "UTC",
            "RECONCILE": reconcile, "PIPELINE": pipeline,
        ]
        for name in ["LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "RECONCILE_MUTATE"] {
            environment[name] = ProcessEnvironment.value(name)
        }
        return environment
    }
}

extension EmbeddedServer {
    /// `psql` with text as its input, unaligned rows; its own start-up files and the caller's variables are ignored.
    package func psql(
        _ input: String,
        database: String = "postgres",
        role: String = superuser,
        options: [String] = []
    ) async throws -> CommandResult {
        let environment = [
            "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "PGHOST": folder, "PGPORT": "5432", "PGUSER": role,
            // As a variable it is a name and nothing else; as an argument it could be a connection string.
            "PGDATABASE": database, "PGOPTIONS": "-c client_min_messages=warning -c idle_session_timeout=0",
        ]
        let command = Command(
            client("psql"),
            ["-X", "-q", "-A", "-t", "-F", " ", "-v", "ON_ERROR_STOP=1"] + options,
            environment: environment,
            folder: "/",
            timeLimit: .seconds(60)
        )
        return try await command.run(input: Array(input.utf8))
    }

    /// A client program of the server's own version, wherever its folder is linked from; else the one a user would get.
    package func client(_ name: String) -> String {
        let beside = realpath(programs.path("postgres"), nil).map { path in
            defer { free(path) }
            return String(cString: path).split(separator: "/").dropLast().reduce(into: "") { $0 += "/\($1)" }
                + "/\(name)"
        }
        return [programs.path(name), beside].compactMap(\.self).first { access($0, X_OK) == 0 } ?? "/usr/bin/\(name)"
    }

    /// The rows of a query as text: fields apart by a blank, rows by `; `.
    package func value(_ query: String, database: String = "postgres", role: String = superuser) async throws -> String
    {
        let result = try await psql(query, database: database, role: role, options: ["-R", "; "])
        guard result.status == 0 else { throw ProgramFailure("psql", result) }
        let text = result.outputText
        return text.hasSuffix("\n") ? String(text.dropLast()) : text
    }

    /// Ends the server at once, as a crash would.
    package func crash() {
        guard let text = Files.text("\(folder)/data/postmaster.pid"),
            let pid = text.split(separator: "\n").first.flatMap({ pid_t($0) })
        else { return }
        kill(pid, SIGQUIT)
        for _ in 0..<500 where kill(pid, 0) == 0 { usleep(10_000) }
    }

    /// Stops the server in order, so that its data folder can be copied.
    package func shutDown() {
        guard let text = Files.text("\(folder)/data/postmaster.pid"),
            let pid = text.split(separator: "\n").first.flatMap({ pid_t($0) })
        else { return }
        kill(pid, SIGINT)
        for _ in 0..<1000 where access("\(folder)/data/postmaster.pid", F_OK) == 0 { usleep(10_000) }
    }
}

/// A program of a test's own ended as it should not.
package struct ProgramFailure: Error, CustomStringConvertible {
    package var program: String
    package var status: Int
    package var errors: String

    package init(_ program: String, _ result: CommandResult) {
        self.program = program
        status = result.status
        errors = result.errors
    }

    package var description: String { "\(program) ended with \(status): \(errors)" }
}
