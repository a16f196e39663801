internal import FleetModel
internal import Glibc
internal import Migrations
internal import Postgres

/// Two databases in which one sequence of migrations is run, one after the other.
///
/// One is measured, with triggers on its tables and statement by statement; the other is left alone, runs each migration as
/// a whole as it will run for good, and is the one whose catalog is taken.
struct ScratchLine {
    let server: ScratchServer
    let setup: ReplaySetup
    let measured: String
    let untouched: String
    private(set) var done: [Int] = []

    /// Makes both databases.
    static func open(on server: ScratchServer, _ setup: ReplaySetup, administrator: Session) async throws(ReplayFault)
        -> ScratchLine
    {
        guard ["template0", "template1"].contains(setup.create.template) else {
            throw .unassessed("the template database \"\(setup.create.template)\" is not on the scratch server")
        }
        let name = "\(prefix)\(time(nil))_\(String(UInt64.random(in: 0 ... .max), radix: 36))"
        let line = ScratchLine(server: server, setup: setup, measured: "\(name)_m", untouched: "\(name)_u")
        do throws(PostgresError) {
            for database in [line.measured, line.untouched] {
                try await line.create(database, administrator)
            }
        } catch {
            await line.drop(administrator)
            guard case .server(let message) = error else { throw .unassessed("the scratch server: \(error)") }
            throw .unassessed("scratch cannot make a database of the class: \(message.primary)")
        }
        return line
    }

    static let prefix = "reconcile_scratch_"

    func drop(_ administrator: Session) async {
        let databases = [measured, untouched]
        // Also where the work was broken off: a statement of a cancelled task would not even be sent.
        await Task.detached {
            for database in databases {
                _ = try? await administrator.run(
                    "DROP DATABASE IF EXISTS \(identifier: database) WITH (FORCE)",
                    label: "drop scratch database"
                )
            }
        }.value
    }

    private func create(_ database: String, _ administrator: Session) async throws(PostgresError) {
        let owner: SQL =
            switch server {
            case .ours: "OWNER \(identifier: setup.owner)"
            case .given: ""
            }
        let encoding = setup.create.encoding ?? "UTF8"
        func statement(locale: String) -> SQL {
            "CREATE DATABASE \(identifier: database) \(owner) TEMPLATE template0 ENCODING \(literal: encoding) LOCALE \(literal: locale)"
        }
        do throws(PostgresError) {
            try await administrator.run(
                statement(locale: setup.create.locale ?? "C.UTF-8"),
                label: "create scratch database"
            )
        } catch {
            // This machine need not know the locale; the encoding must fit what stands in for it.
            guard let sqlState = error.sqlState, ["42809", "22023"].contains(sqlState) else { throw error }
            try await administrator.run(
                statement(locale: encoding.uppercased() == "UTF8" ? "C.UTF-8" : "C"),
                label: "create scratch database"
            )
        }
        guard !setup.create.extensions.isEmpty else { return }
        let session = try await ScratchSession.open(server.administrator(database: database), searchPath: "public")
            .session
        for name in setup.create.extensions {
            try await session.run("CREATE EXTENSION IF NOT EXISTS \(identifier: name) CASCADE", label: "extension")
        }
        await session.close()
    }

    /// Runs a migration in both without looking.
    mutating func pass(_ migration: Migration, at position: Int) async throws(ReplayFault) {
        for database in [measured, untouched] {
            let scratch = try await session(in: database, migration)
            try await scratch.run(migration)
            await scratch.session.close()
        }
        done.append(position)
    }

    /// Runs a migration where the catalog is taken, and there alone: such a line measures nothing any more.
    mutating func repeatUnmeasured(_ migration: Migration, at position: Int) async throws(ReplayFault) {
        let scratch = try await session(in: untouched, migration)
        try await scratch.run(migration)
        await scratch.session.close()
        done.append(position)
    }

    /// Runs a migration in both and gives what it did.
    mutating func measure(_ migration: Migration, at position: Int) async throws(ReplayFault) -> MeasuredMigration {
        let target = server.runner(setup.runner, database: measured)
        let scratch: ScratchSession
        var meter: MigrationMeter
        do throws(PostgresError) {
            let planter = try await ScratchSession.open(server.administrator(database: measured)).session
            try await RowTriggers.plant(in: planter)
            await planter.close()
            scratch = try await ScratchSession.open(target, searchPath: setup.searchPath)
            meter = try await MigrationMeter(migration, in: scratch) { tables in
                LockTrap(tables: tables) { () async throws(PostgresError) in
                    try await ScratchSession.open(target).session
                }
            }
        } catch {
            throw ReplayFault(error, at: nil, of: migration)
        }
        let result = try await meter.run()
        await scratch.session.close()
        let plain = try await session(in: untouched, migration)
        do throws(ReplayFault) {
            try await plain.run(migration)
        } catch {
            guard case .failed(nil, let message) = error else { throw error }
            throw .failed(line: nil, message: "its statements run one by one, but not as a whole: \(message)")
        }
        await plain.session.close()
        done.append(position)
        return result
    }

    /// A session for whoever takes the catalog.
    func sessionForCatalog() async throws(PostgresError) -> Session {
        try await Session.open(
            server.runner(setup.runner, database: untouched),
            settings: SessionSettings(access: .readOnly, applicationName: "reconcile/scratch")
        )
    }

    /// A session of whoever runs the migrations, in the database that is left alone.
    func session(_ migration: Migration) async throws(ReplayFault) -> ScratchSession {
        try await session(in: untouched, migration)
    }

    func session(in database: String, _ migration: Migration) async throws(ReplayFault) -> ScratchSession {
        do throws(PostgresError) {
            return try await ScratchSession.open(
                server.runner(setup.runner, database: database),
                searchPath: setup.searchPath
            )
        } catch {
            throw ReplayFault(error, at: nil, of: migration)
        }
    }
}
