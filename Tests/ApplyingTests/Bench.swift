import FleetModel
import Migrations
import Planning
import Postgres
import Servers
import Testing
import TestSupport

@testable import Applying

/// A run on one database of a real server, down to the session that works: what a whole apply does to a database, without
/// its plan.
struct Bench: Sendable {
    let server: EmbeddedServer
    let control: Control

    /// On a server of its own that has a database `shop`.
    static func with(settings: [String: String] = [:], _ body: (Bench) async throws -> Void) async throws {
        try await TestServer.with(settings: settings) { server in
            try await server.sql("CREATE DATABASE shop")
            let bench = Bench(server: server, control: try await lease(server, now: 1))
            try await body(bench)
            await bench.control.close()
        }
    }

    static func lease(_ server: EmbeddedServer, now: Int64) async throws -> Control {
        let run = Run(environment: "here", now: 1_800_000_000 + now, random: UInt32(now))
        for _ in 0..<50 {
            do {
                let target = server.target(database: "postgres")
                let control = try await Control.open(instance: "main", target: target, run: run)
                try await control.takeLease(planDigest: "none", toolVersion: "test")
                return control
            } catch ApplyError.locked {
                // The server has not seen yet that the session before ours is gone.
                try await Task.sleep(for: .milliseconds(50))
            }
        }
        throw ApplyError.failed("the environment's lock stays held")
    }

    /// A session of the run in the database, with its lock, for as long as `body` takes.
    @discardableResult
    func work<Result>(
        attempts: Int = 20,
        lockTimeout: Duration = .seconds(3),
        statementTimeout: Duration? = nil,
        report: @escaping @Sendable (ApplyEvent) -> Void = { _ in },
        _ body: (Worker) async throws -> Result
    ) async throws -> Result {
        let settings = SessionSettings(
            access: .readWrite,
            lockTimeout: lockTimeout,
            statementTimeout: statementTimeout,
            applicationName: control.run.applicationName("work")
        )
        let session = try await Session.open(server.target(database: "shop"), settings: settings, proof: .byCaller)
        do {
            let foothold = try await DatabaseLock.take(on: session, settings: settings, attempts: attempts)
            let result = try await body(
                Worker(
                    key: DatabaseKey(instance: "main", database: "shop"),
                    session: session,
                    settings: settings,
                    foothold: foothold,
                    fence: Fence(epoch: await control.epoch, runID: control.run.id),
                    control: control,
                    report: report
                )
            )
            await session.close()
            return result
        } catch {
            await session.close()
            throw error
        }
    }

    static func migration(_ number: Int, _ text: String, isTransactional: Bool = true) -> Migration {
        Migration(
            tag: "\(number)_it",
            number: "\(number)",
            text: text,
            sha256: Fingerprint(of: text).hex,
            when: nil,
            isTransactional: isTransactional,
            statements: StatementSplitter.split(text),
            file: "\(number)_it.sql"
        )
    }

    /// A class of the plain format whose statements run as the login.
    static let context: ClassContext = {
        let place = SourceRange.beginning(of: "manifests/shop.yaml")
        let source = MigrationSource(
            directory: Located("shop", at: place),
            format: .plain,
            historySchema: nil,
            historyTable: nil,
            role: .login,
            searchPath: MigrationSource.defaultSearchPath
        )
        let databaseClass = DatabaseClass(
            name: Located("shop", at: place),
            description: nil,
            migrations: source,
            tables: nil,
            create: CreationOptions(),
            initScripts: [],
            checks: []
        )
        let folder = MigrationFolder(className: "shop", source: source, migrations: [])
        return ClassContext(databaseClass: databaseClass, folder: folder, initTexts: [])
    }()

    /// Runs a migration in the way its file asks for, as the first that this session sees of the history.
    func run(_ migration: Migration, _ worker: Worker, within limit: LossLimit? = nil) async throws {
        let pool = CatalogPool()
        let mark = HistoryMark(try await worker.inspect(Self.context, pool).history, Self.context.format)
        if migration.isTransactional {
            try await worker.migrate(migration, Self.context, mark: mark, within: limit)
        } else {
            try await worker.migrateOutsideTransaction(migration, Self.context, mark: mark, within: limit) { _ in
                try await worker.inspect(Self.context, pool)
            }
        }
    }

    @discardableResult
    func sql(_ text: String) async throws -> String { try await server.value(text, database: "shop") }
}
