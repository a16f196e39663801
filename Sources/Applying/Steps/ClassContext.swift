package import FleetModel
package import Migrations
internal import Postgres
package import Servers

/// What the work on a class's databases needs: its manifest, its migrations, its history's format, its init scripts.
package struct ClassContext: Sendable {
    package var databaseClass: DatabaseClass
    package var folder: MigrationFolder
    /// The text of each `init` script, in order.
    package var initTexts: [String]

    package init(databaseClass: DatabaseClass, folder: MigrationFolder, initTexts: [String]) {
        self.databaseClass = databaseClass
        self.folder = folder
        self.initTexts = initTexts
    }

    var source: MigrationSource { folder.source }
    var format: any HistoryFormat { folder.source.format.history }

    /// By its bytes: what Unicode takes for one name may be two migrations.
    func migration(tagged tag: String) -> Migration? {
        folder.migrations.first { $0.tag.utf8.elementsEqual(tag.utf8) }
    }

    /// Who a migration's statements run as, given the database's owner.
    func runAs(owner: String) -> String? {
        switch source.role {
        case .owner: owner
        case .login: nil
        case .role(let name): name
        }
    }

    /// What statements run with, as this role.
    ///
    /// Where it is called as our own schema is, `"$user"` would be that schema, and what a migration makes would land in it.
    func searchPath(as role: String) -> String {
        guard role == OwnSchema.name else { return source.searchPath }
        let others = source.searchPath.split(separator: ",").map { $0.drop(while: \.isWhitespace) }.filter { part in
            !["\"$user\"", "$user"].contains(part.prefix { !$0.isWhitespace })
        }
        return others.isEmpty ? "\"\"" : others.joined(separator: ", ")
    }

    /// What the one round trip reads of this class's history.
    package var historyQuery: HistoryQuery {
        HistoryQuery(schema: source.historySchema, table: source.historyTable, format: format)
    }
}
