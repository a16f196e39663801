package import Effects
package import FleetModel
internal import Postgres
package import Servers

/// A folder of `Scenarios`: an estate, the SQL that brings a server to where it begins, and what is to come of it.
///
/// - `estate`: the estate's name and variables, as after a script's verb `estate`; the folder's own files win over it.
///   Without it they are all there is. `${db}` is the server, `${other}` a second one, where a file names it.
/// - `before.sql`: run with psql as the superuser. `roles.sql`: run before it, and on the server built fresh, too.
/// - `expected-plan.txt`: the plan as text. `after.sql` and `expected-after.txt`: questions and their answers afterwards.
package struct Scenario: Sendable {
    package static let folder = Here.folder("Scenarios")
    package static let names = Here.wanted(Files.names(in: folder) ?? [])

    package let name: String
    package var path: String { "\(Self.folder)/\(name)" }

    package init(name: String) { self.name = name }

    package func text(_ file: String) -> String? { Files.text("\(path)/\(file)") }

    /// Whether it wants a second server.
    package var hasOther: Bool { Files.all(below: path).contains { text($0)?.contains("${other}") == true } }

    /// Its files in a root of their own, for the servers it names.
    package func root(for server: EmbeddedServer, other: EmbeddedServer? = nil) throws -> ScenarioRoot {
        let folder = try TemporaryFolder()
        var variables = ["db": server.folder, "root": folder.path]
        if let other { variables["other"] = other.folder }
        var files: [Script.File] = []
        if let estate = text("estate") {
            let words = try Script(parsing: "# \(name)\nestate \(estate)").lines[0].arguments
            let estate = try Estate(words, in: Here.folder("Estates"), servers: variables)
            variables.merge(estate.variables) { $1 }
            files = estate.files
        }
        files += Files.all(below: path).map { Script.File(path: $0, content: text($0) ?? "") }
        for file in files { try folder.write(Estate.expanded(file.content, variables), to: file.path) }
        return ScenarioRoot(folder: folder, server: server, other: other)
    }

    /// Runs a test on new servers, as many as it names.
    package func with<Result: Sendable>(_ body: (ScenarioRoot) async throws -> Result) async throws -> Result {
        try await TestServer.with { server in
            guard hasOther else { return try await body(try root(for: server)) }
            return try await TestServer.with(identity: 1) { other in
                try await body(try root(for: server, other: other))
            }
        }
    }
}

/// A scenario's files in place, and the program run on them.
package struct ScenarioRoot: Sendable {
    package let folder: TemporaryFolder
    package let server: EmbeddedServer
    package let other: EmbeddedServer?
    package var servers: [EmbeddedServer] { [server] + (other.map { [$0] } ?? []) }
    /// What the program finds besides.
    package var environment: [String: String] = [:]

    package init(folder: TemporaryFolder, server: EmbeddedServer, other: EmbeddedServer? = nil) {
        self.folder = folder
        self.server = server
        self.other = other
    }

    package func prepare() async throws {
        for file in ["roles.sql", "before.sql"] {
            guard let text = Files.text("\(folder.path)/\(file)") else { continue }
            let result = try await server.psql(text)
            guard result.status == 0 else { throw ProgramFailure("psql \(file)", result) }
        }
    }

    /// The same with everything belonging to a plain role, and the login of `docs/least-privilege.md` in the manifests.
    package func prepare(for owner: String) async throws {
        if let text = Files.text("\(folder.path)/roles.sql") { try await expect("roles.sql", text) }
        try await expect("owner", "CREATE ROLE \(owner) LOGIN CREATEDB")
        try await expect("least-privilege.md", try LeastPrivilege.statements(owners: [owner]))
        if let text = Files.text("\(folder.path)/before.sql") { try await expect("before.sql", text, role: owner) }
        try await expect("owner", "ALTER ROLE \(owner) NOLOGIN NOCREATEDB")
        // As a run of the login's would have made it.
        for row in try await server.sql("SELECT datname FROM pg_database WHERE datallowconn")
            ?? Rows(columns: [], values: [])
        {
            guard let database = row[0] else { continue }
            try await server.sql(
                """
                DO $$ DECLARE made record; BEGIN
                    FOR made IN SELECT oid::regclass::text AS name FROM pg_class
                        WHERE relnamespace = to_regnamespace('reconcile') AND relkind = 'r'
                    LOOP EXECUTE 'ALTER TABLE ' || made.name || ' OWNER TO \(LeastPrivilege.login)'; END LOOP;
                    IF to_regnamespace('reconcile') IS NOT NULL THEN
                        ALTER SCHEMA reconcile OWNER TO \(LeastPrivilege.login);
                    END IF;
                END $$
                """,
                database: database
            )
        }
        for name in Files.names(in: "\(folder.path)/environments") ?? [] {
            let text = Files.text("\(folder.path)/environments/\(name)") ?? ""
            try folder.write(
                text.replacing("user: postgres", with: "user: \(LeastPrivilege.login)"),
                to: "environments/\(name)"
            )
        }
    }

    private func expect(_ name: String, _ text: String, role: String = EmbeddedServer.superuser) async throws {
        let result = try await server.psql(text, role: role)
        guard result.status == 0 else { throw ProgramFailure("psql \(name)", result) }
    }

    package func reconcile(_ arguments: String..., environment extra: [String: String] = [:]) async throws
        -> CommandResult
    {
        try await reconcile(arguments, extra)
    }

    package func reconcile(_ arguments: [String], _ extra: [String: String] = [:]) async throws -> CommandResult {
        try await run(TestPrograms.reconcile, arguments, extra)
    }

    /// Runs a program in the root, as a person would.
    package func run(_ program: String, _ arguments: [String], _ extra: [String: String] = [:]) async throws
        -> CommandResult
    {
        var environment = TestPrograms.environment(home: folder.path).merging(self.environment) { $1 }
            .merging(extra) { $1 }
        // A distribution's wrappers in /usr/bin take longer than what they start.
        let programs = server.client("pg_dump").split(separator: "/").dropLast().reduce(into: "") { $0 += "/\($1)" }
        environment["PATH"] = "\(programs):\(environment["PATH"] ?? "")"
        return try await Command(
            program,
            arguments,
            environment: environment,
            folder: folder.path,
            timeLimit: .seconds(400)
        ).run()
    }

    /// Output without what differs from run to run.
    package func comparable(_ text: String) -> String {
        TestOutput.withoutChance(
            text.replacing(folder.path, with: "${root}").replacing(server.folder, with: "${db}")
                .replacing(other?.folder ?? server.folder, with: "${other}")
                .replacing(/PostgreSQL \d+(\.\d+|beta\d+|rc\d+)/, with: "PostgreSQL <version>")
        )
    }

    /// What a plan says of each database that an entry claims.
    package func claimed() async throws -> [ClaimedDatabase] {
        let result = try await reconcile("plan", "here", "--format", "json")
        guard result.status == 0 else { throw ProgramFailure("plan", result) }
        let document = try JSONValue(parsing: result.output.dropLast())
        return (document["environments"]?.elements.first?["databases"]?.elements ?? []).compactMap { database in
            guard let className = database["class"]?.string, let version = database["expected_version"]?.string,
                let name = database["name"]?.string
            else { return nil }
            return ClaimedDatabase(name: name, className: className, version: version)
        }
    }

    /// The schema as pg_dump writes it, without what differs between two servers that hold the same.
    package static func schema(of database: String, on server: EmbeddedServer, _ options: [String]) async throws
        -> String
    {
        let result = try await Command(
            server.client("pg_dump"),
            ["--schema-only", "--no-owner", "--no-privileges"] + options,
            environment: ["PGHOST": server.folder, "PGPORT": "5432", "PGUSER": "postgres", "PGDATABASE": database],
            folder: "/",
            timeLimit: .seconds(60)
        ).run()
        guard result.status == 0 else { throw ProgramFailure("pg_dump", result) }
        return result.outputText.split(separator: "\n").filter { line in
            !line.hasPrefix("\\restrict") && !line.hasPrefix("\\unrestrict") && !line.hasPrefix("-- Dumped")
        }.joined(separator: "\n")
    }
}

package struct ClaimedDatabase: Sendable {
    package var name: String
    package var className: String
    package var version: String
}

/// A class's folder as its author sees it: by convention `manifests/<class>`, drizzle's where it has a journal.
package struct ClassFolder {
    package let path: String
    /// Each file's tag, in order, up to the version that is meant, and drizzle's `when`.
    package let migrations: [(tag: String, when: Int64?)]
    package var isDrizzle: Bool { migrations.first?.when != nil }

    package init(_ database: ClaimedDatabase, in root: String) throws {
        path = "\(root)/manifests/\(database.className)"
        var all: [(tag: String, when: Int64?)]
        if let journal = Files.bytes("\(path)/meta/_journal.json") {
            all =
                try JSONValue(parsing: journal)["entries"]?.elements.compactMap { entry in
                    entry["tag"]?.string.map { ($0, entry["when"]?.integer) }
                } ?? []
        } else {
            all = (Files.names(in: path) ?? []).filter { $0.hasSuffix(".sql") }.map { (String($0.dropLast(4)), nil) }
        }
        if let last = all.firstIndex(where: { $0.tag == database.version }) { all.removeSubrange((last + 1)...) }
        migrations = all
    }

    package func text(_ tag: String) -> String { Files.text("\(path)/\(tag).sql") ?? "" }
}

extension JSONValue {
    package var elements: [JSONValue] { if case .array(let elements) = self { elements } else { [] } }
    package var string: String? { if case .string(let string) = self { string } else { nil } }
    package var integer: Int64? { if case .integer(let integer) = self { integer } else { nil } }
}
