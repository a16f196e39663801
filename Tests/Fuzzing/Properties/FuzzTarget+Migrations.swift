internal import FleetModel
@testable internal import Migrations

extension FuzzTarget {
    /// Statements stand in their order, each cut again is itself, and what lies between them says nothing.
    func splitter(_ bytes: [UInt8]) -> String? {
        let text = Array(String(decoding: bytes, as: UTF8.self).utf8)
        let pieces = StatementScan(text).pieces
        let told = StatementSplitter.split(String(decoding: text, as: UTF8.self))
        if told.count != pieces.count { return "\(told.count) statements instead of \(pieces.count)" }
        var at = 0
        var line = 1
        for (piece, said) in zip(pieces, told) {
            guard piece.sql.lowerBound >= at, piece.sql.upperBound <= text.count, !piece.sql.isEmpty else {
                return "\(piece.sql) is not behind \(at)"
            }
            let gap = text[at..<piece.sql.lowerBound]
            let between = StatementSplitter.split(String(decoding: gap, as: UTF8.self))
            if let more = between.first { return "between two statements stands \(more.sql.debugDescription)" }
            line += gap.count { $0 == 0x0A }
            if said.line != line { return "a statement of line \(line) is said to be of line \(said.line)" }
            let again = StatementSplitter.split(said.sql).map(\.sql)
            if again != [said.sql] { return "cut again it is \(again)" }
            line += text[piece.sql].count { $0 == 0x0A }
            at = piece.sql.upperBound
            guard let data = piece.copyData else { continue }
            guard data.lowerBound >= at, data.upperBound <= text.count else { return "data \(data) before \(at)" }
            line += text[at..<data.upperBound].count { $0 == 0x0A }
            at = data.upperBound
        }
        let rest = StatementSplitter.split(String(decoding: text[at...], as: UTF8.self))
        if let more = rest.first { return "behind all statements stands \(more.sql.debugDescription)" }
        return nil
    }

    /// By how a format is called in a manifest, a file that it takes for a migration.
    private static let files = [
        ("plain", "0001_a.sql"), ("drizzle", "0000_a.sql"), ("flyway", "V1__a.sql"), ("goose", "00001_a.sql"),
        ("dbmate", "20260101000000_a.sql"), ("golang-migrate", "1_a.up.sql"), ("atlas", "20260101000000_a.sql"),
        ("supabase", "20260101000000_a.sql"),
    ]

    func migration(_ bytes: [UInt8], _ folder: FuzzFolder) -> String? {
        guard let first = bytes.first else { return nil }
        let text = Array(bytes.dropFirst())
        let (format, name) = Self.files[Int(first) % Self.files.count]
        if format == "drizzle" {
            let entry = #"{"entries": [{"idx": 0, "when": 1, "tag": "0000_a", "breakpoints": true}]}"#
            folder.write(Array(entry.utf8), to: "drizzle/meta/_journal.json")
        }
        folder.write(text, to: "\(format)/\(name)")
        return loading(format, folder, Places(of: text, file: "\(format)/\(name)"))
    }

    func journal(_ bytes: [UInt8], _ folder: FuzzFolder) -> String? {
        folder.write(Array("SELECT 1;\n".utf8), to: "drizzle/0000_a.sql")
        folder.write(bytes, to: "drizzle/meta/_journal.json")
        return loading("drizzle", folder, Places(of: bytes, file: "drizzle/meta/_journal.json"))
    }

    private func loading(
        _ name: String,
        _ folder: FuzzFolder,
        _ places: Places
    ) -> String? {
        guard let format = MigrationSource.Format.all.first(where: { $0.name == name }) else {
            return "\(name) is no format"
        }
        let here = SourceRange.beginning(of: "manifests/a.yaml")
        let source = MigrationSource(
            directory: Located("\(folder.path)/\(name)", at: here),
            format: format,
            historySchema: nil,
            historyTable: nil,
            role: .owner,
            searchPath: MigrationSource.defaultSearchPath
        )
        let databaseClass = DatabaseClass(
            name: Located("a", at: here),
            description: nil,
            migrations: source,
            tables: nil,
            create: CreationOptions(),
            initScripts: [],
            checks: []
        )
        let loaded = MigrationFolderLoader.load(class: databaseClass, root: folder.path)
        if loaded.value == nil, !loaded.hasErrors { return "refused without a reason" }
        return places.violation(by: loaded.diagnostics)
    }
}
