package import FleetModel

/// The formats there are.
package enum HistoryFormats {
    /// In the order in which a folder or a table that could be of several is given to them.
    static let all: [any HistoryFormat] = [
        DrizzleFormat(),
        GolangMigrateFormat(),
        DbmateFormat(),
        GooseFormat(),
        SupabaseFormat(),
        FlywayFormat(),
        PrismaFormat(),
        AtlasFormat(),
        RailsFormat(),
        PlainFormat(),
    ]

    /// The formats by which a folder can be told, from its own marks where it has some, else from its names.
    static func telling(_ folder: borrowing FolderListing) -> [MigrationSource.Format] {
        var certain: [MigrationSource.Format] = []
        var possible: [MigrationSource.Format] = []
        for format in all {
            switch format.likeness(of: folder) {
            case .certain: certain.append(format.format)
            case .possible: possible.append(format.format)
            case .none: break
            }
        }
        return certain.isEmpty ? possible : certain
    }

    /// The format of a folder (both paths absolute) by its own marks; nil where it holds no migrations that are known.
    package static func format(of folder: String, root: String) -> MigrationSource.Format? {
        guard let reader = try? FolderReader.open(folder, root: root),
            let listing = try? FolderListing(reader, range: .beginning(of: folder))
        else { return nil }
        return telling(listing).first
    }
}

/// How much a folder looks like one of a tool.
package enum FolderLikeness: Sendable, Hashable {
    case none
    /// By its files' names, which another tool could have given.
    case possible
    /// By something that this tool alone writes.
    case certain
}

extension MigrationSource.Format {
    package static var all: [MigrationSource.Format] { HistoryFormats.all.map(\.format) }

    /// What the format says of folders and histories.
    ///
    /// - Precondition: it is one of those that are listed; `auto` was told from the folder before.
    package var history: any HistoryFormat {
        guard let format = HistoryFormats.all.first(where: { $0.name == name }) else {
            preconditionFailure("no format is called \"\(name)\"")
        }
        return format
    }
}
