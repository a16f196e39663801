package import FleetModel
package import Migrations

/// Another environment under the root, whose databases are not ours to call unmanaged.
package struct OtherEnvironment: Sendable {
    package var environment: Environment
    /// Nil where this run did not look at it.
    package var observed: ObservedEnvironment?

    package init(environment: Environment, observed: ObservedEnvironment? = nil) {
        self.environment = environment
        self.observed = observed
    }
}

/// What one of a class's checks answered.
package struct CheckOutcome: Sendable, Hashable {
    package var name: String
    package var holds: Bool
    /// What the server said where it did not hold.
    package var message: String?

    package init(name: String, holds: Bool, message: String? = nil) {
        self.name = name
        self.holds = holds
        self.message = message
    }
}

/// Whose accounting: a class, the content of a history, and how many of the folder's migrations are declared.
package struct AccountingKey: Sendable, Hashable {
    package var className: String
    package var history: Fingerprint
    package var target: Int

    package init(className: String, history: Fingerprint, target: Int) {
        self.className = className
        self.history = history
        self.target = target
    }
}

/// Everything a plan for one environment is made of: what should be, what is, and what scratch measured.
package struct PlanningInput: Sendable {
    package let environment: Environment
    package let classes: [DatabaseClass]
    /// By class name.
    package let folders: [String: MigrationFolder]
    package let observed: ObservedEnvironment
    package let narrowing: Narrowing
    package let claims: Claims
    package let accounts: [AccountingKey: Accounting]
    /// What scratch answered to `replayRequests`; an answer that is missing counts as not assessed.
    package var replays: [ReplayRequest: Replay] = [:]
    /// What the code of each class expects, where that was asked.
    package var expected: [ExpectationKey: ExpectedSchema] = [:]
    /// What servers and scratch answered to the needs of `Planner.draft`; what is missing is not shown.
    package var definitions: Definitions = [:]
    /// Answers of the classes' checks where they were asked while planning.
    package var checks: [DatabaseKey: [CheckOutcome]] = [:]
    /// The text of each class's `init` scripts, in order.
    package var initTexts: [String: [String]] = [:]

    /// Takes stock of claims and histories; `account` is asked once for each distinct history.
    package init(
        environment: Environment,
        classes: [DatabaseClass],
        folders: [String: MigrationFolder],
        observed: ObservedEnvironment,
        others: [OtherEnvironment] = [],
        narrowing: Narrowing = .none,
        account: (_ folder: MigrationFolder, _ history: HistoryRows, _ upTo: Int) -> Accounting
    ) {
        self.environment = environment
        self.classes = classes
        self.folders = folders
        self.observed = observed
        self.narrowing = narrowing
        claims = Claims(environment: environment, observed: observed, others: others)
        var accounts: [AccountingKey: Accounting] = [:]
        for instance in claims.instances {
            for row in instance.rows {
                guard case .claimed(let entry) = row.standing, let state = row.observed?.state,
                    let folder = folders[environment.entries[entry].className.value]
                else { continue }
                let target = folder.count(upTo: environment.entries[entry].version.value)
                let key = AccountingKey(
                    className: folder.className,
                    history: state.history.digest,
                    target: target
                )
                guard accounts[key] == nil else { continue }
                // A folder that holds nothing explains no row.
                accounts[key] =
                    target == 0
                    ? Accounting(unknown: state.history.rows.map { $0.compactMap(\.self).joined(separator: " ") })
                    : account(folder, state.history, target - 1)
            }
        }
        self.accounts = accounts
    }

    /// Whether the instance was reached.
    func isSeen(_ instance: String) -> Bool { observed.instances.first { $0.name == instance }?.facts != nil }

    package func databaseClass(named name: String) -> DatabaseClass? { classes.first { $0.name.value == name } }
}

extension MigrationFolder {
    /// How many migrations a version asks for: none in an empty folder, all where it names none that is there.
    func count(upTo version: String) -> Int { position(ofVersion: version).map { $0 + 1 } ?? migrations.count }
}
