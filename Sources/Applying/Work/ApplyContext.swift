package import FleetModel
package import Planning
package import Postgres
package import Servers

/// Everything the work on an environment's databases shares.
package struct ApplyContext: Sendable {
    package var environment: Environment
    package var plan: EnvironmentPlan
    package var run: Run
    /// By class name.
    package var classes: [String: ClassContext]
    /// By instance: where to connect, the maintenance database as its database.
    package var targets: [String: ConnectionTarget]
    package var controls: [String: Control]
    /// By instance: who the plan was made for.
    package var facts: [String: ServerFacts]
    package var pool: CatalogPool
    package var backups: any BackupTaking
    /// To the places where containers are stopped.
    package var routes: Routes
    package var report: @Sendable (ApplyEvent) -> Void

    package init(
        environment: Environment,
        plan: EnvironmentPlan,
        run: Run,
        classes: [String: ClassContext],
        targets: [String: ConnectionTarget],
        controls: [String: Control],
        facts: [String: ServerFacts],
        pool: CatalogPool,
        backups: any BackupTaking,
        routes: Routes,
        report: @escaping @Sendable (ApplyEvent) -> Void
    ) {
        self.environment = environment
        self.plan = plan
        self.run = run
        self.classes = classes
        self.targets = targets
        self.controls = controls
        self.facts = facts
        self.pool = pool
        self.backups = backups
        self.routes = routes
        self.report = report
    }

    var policy: Policy { environment.policy }

    func settings(_ purpose: String) -> SessionSettings {
        SessionSettings(
            access: .readWrite,
            lockTimeout: policy.lockTimeout,
            statementTimeout: policy.statementTimeout,
            applicationName: run.applicationName(purpose)
        )
    }

    func control(_ instance: String) throws -> Control {
        guard let control = controls[instance] else { throw ApplyError.failed("instance \"\(instance)\" is not held") }
        return control
    }

    func target(_ key: DatabaseKey) throws -> ConnectionTarget {
        guard let target = targets[key.instance] else {
            throw ApplyError.failed("instance \"\(key.instance)\" has no address")
        }
        return target.with(database: key.database)
    }
}

/// What takes, proves and compares backups; a seam, since what is proved depends on scratch servers of the right major.
package protocol BackupTaking: Sendable {
    /// Dumps one database, whose lock `session` holds, and proves the archive as far as `level` asks.
    ///
    /// - Parameters:
    ///   - key: the database.
    ///   - session: a session in it.
    ///   - target: where the dumping program connects to.
    ///   - level: how far the archive is proved: not at all, read, restored, or restored and rehearsed on.
    ///   - rehearse: run on the restored copy at level `rehearse`, before it is wiped.
    /// - Returns: the receipt's absolute path.
    /// - Throws: `BackupError`, `ApplyError.failed` where the client tools are unfit for production, or what `rehearse`
    ///   throws.
    func take(
        _ key: DatabaseKey,
        session: Session,
        target: ConnectionTarget,
        level: Policy.BackupVerify,
        rehearse: @Sendable (RestoredCopy) async throws -> Void
    ) async throws -> String

    /// Whose archives a move takes and proves by itself.
    var desk: BackupDesk { get }

    /// Holds a database that nobody can write to any more against a receipt of this run.
    func compare(_ receipt: String, session: Session) async throws
}
