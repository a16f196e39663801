internal import FleetModel
internal import Migrations

/// How the databases of a class are made and used on scratch: all that decides a replay besides the migrations.
struct ReplaySetup: Sendable, Hashable {
    /// Owns the database, and is who the privileges in a catalog are relative to.
    var owner: String
    /// Who the statements run as.
    var runner: String
    var searchPath: String
    var create: CreationOptions
    var historySchema: String
    var historyTable: String

    /// A role that no server has stands for an owner nobody named.
    static let namelessOwner = "reconcile_owner"

    init(_ databaseClass: DatabaseClass, _ source: MigrationSource, owner: String?) {
        self.owner = owner ?? databaseClass.create.owner ?? Self.namelessOwner
        runner =
            switch source.role {
            // Who will log in is not known here; that it is not the owner shows in ownership alone.
            case .owner, .login: self.owner
            case .role(let name): name
            }
        searchPath = source.searchPath
        create = databaseClass.create
        historySchema = source.historySchema
        historyTable = source.historyTable
    }

    func key(server version: Int) -> ReplayKey {
        ReplayKey(
            root: [
                String(NodeCoding.version), String(version), owner, runner, searchPath, create.encoding ?? "",
                create.locale ?? "", create.template, historySchema, historyTable,
            ] + create.extensions
        )
    }
}

extension ReplayKey {
    func after(_ migration: Migration) -> ReplayKey {
        // The text that runs: of one file, formats may run different parts.
        after([migration.tag, migration.text, migration.isTransactional ? "transaction" : "none"])
    }
}
