internal import FleetModel

/// What a class's migrations do that is right for one database and goes wrong for the next, or for the format's own tool.
///
/// None of it forbids to run anything: what a migration does is measured on scratch. But scratch has one database.
enum MigrationReview {
    static func diagnose(_ migrations: [Migration], statementBreak: String?) -> [Diagnostic] {
        var review = Review()
        for migration in migrations {
            // Values added by the same file are PostgreSQL's to refuse: it does so on scratch.
            var added: [String: String] = [:]
            for statement in migration.statements {
                let words = StatementWords(statement.sql)
                review.noteRole(words, statement, migration)
                // Only drizzle runs all that is pending in one transaction.
                if statementBreak != nil { review.noteUse(words, statement, migration) }
                if let value = words.addedEnumValue { added[value] = migration.tag }
            }
            review.added.merge(added) { $1 }
        }
        return review.diagnostics
    }

    private struct Review {
        var diagnostics: [Diagnostic] = []
        /// Values of enums by the migration that adds them to a type that was there.
        var added: [String: String] = [:]
        private var told: Set<String> = []

        mutating func noteRole(_ words: StatementWords, _ statement: StatementText, _ migration: Migration) {
            guard words.createsRole else { return }
            diagnostics.append(
                Diagnostic(
                    .warning,
                    .migrationContent,
                    "a role is made for the whole server: the second database of a server fails here",
                    at: migration.place(of: statement),
                    hint:
                        "make roles outside of migrations, or only where pg_roles has none of that name, in a DO block"
                )
            )
        }

        mutating func noteUse(_ words: StatementWords, _ statement: StatementText, _ migration: Migration) {
            for text in words.strings {
                guard let adder = added[text], told.insert(text).inserted else { continue }
                diagnostics.append(
                    Diagnostic(
                        .info,
                        .migrationContent,
                        "\(text) is a value that \"\(adder)\" adds to an enum: where both are pending, drizzle's own "
                            + "migrator runs them in one transaction, and PostgreSQL 16 and older refuse that (55P04)",
                        at: migration.place(of: statement),
                        hint: "here each migration commits by itself, and it works"
                    )
                )
            }
        }
    }
}

/// The words and texts of a statement, as far as its kind depends on them.
private struct StatementWords {
    /// In lower case, without comments.
    private var head: [String] = []
    /// With their quotes.
    private(set) var strings: [String] = []

    init(_ sql: String) {
        let bytes = Array(sql.utf8)
        var lexer = SQLLexer(bytes)
        while let token = lexer.next() {
            guard !token.isComment else { continue }
            let text = String(decoding: bytes[token.range], as: UTF8.self)
            if token.kind == .string { strings.append(text) }
            if head.count < 12 { head.append(token.kind == .word ? text.lowercased() : text) }
        }
    }

    var createsRole: Bool {
        guard head.count > 2, head[0] == "create" else { return false }
        return ["role", "group"].contains(head[1]) || head[1] == "user" && head[2] != "mapping"
    }

    /// The value that `ALTER TYPE … ADD VALUE` adds.
    var addedEnumValue: String? {
        guard head.starts(with: ["alter", "type"]), let add = head.firstIndex(of: "add"),
            head.dropFirst(add + 1).first == "value"
        else { return nil }
        return strings.first
    }
}

extension Migration {
    fileprivate func place(of statement: StatementText) -> SourceRange {
        let start = SourcePosition(line: statement.line, column: 1)
        return SourceRange(file: file, start: start, end: start)
    }
}
