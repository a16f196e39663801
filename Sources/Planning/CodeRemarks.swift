internal import FleetModel
internal import Migrations

/// What there is to say of a class's code beside its migrations.
struct CodeRemarks {
    let folder: MigrationFolder
    let expected: ExpectedSchema
    let whole: Replay
    /// Differences that do not count.
    var rules = DriftRules.none

    private var title: String { "class \"\(folder.className)\"" }

    var remarks: [Remark] {
        switch expected {
        case .failed(let reason):
            return [
                Remark(
                    .notInspected,
                    .error,
                    "what the code of \(title) expects cannot be told: \(reason)",
                    hint: "mend what `expects` of the class names; until then code ahead of the migrations goes unseen"
                )
            ]
        case .unassessed(let reason):
            // Where migrations ran, scratch is no excuse; where they did not either, that is said of them.
            return [unknown(reason, whole.end == .complete ? .error : .info)]
        case .loaded, .names: break
        }
        guard whole.end == .complete, let newest = whole.states.last else {
            return [unknown(whole.obstacle ?? "its migrations were not replayed", .info)]
        }
        guard let difference = CodeDifference(expected, newest: newest, rules: rules) else { return [] }
        return describe(difference) + [limits(isNews: difference.isEmpty)].compactMap(\.self)
    }

    /// What definitions leave unsaid; where something differs its hint says that only names were compared.
    private func limits(isNews: Bool) -> Remark? {
        guard case .names(let names) = expected, isNews || !names.notes.isEmpty || !names.isComplete else { return nil }
        var message =
            "of the code of \(title) only names were compared: types, defaults, indexes and constraints are unknown"
        if !names.notes.isEmpty {
            let rest = names.notes.count - 3
            message += "; and parts of it were not read: " + names.notes.prefix(3).joined(separator: "; ")
            if rest > 0 { message += "; and \(rest) more" }
        }
        if !names.isComplete { message += "; so nothing is said of tables and enums that it may no longer have" }
        // Without an object: it bounds what is known, and there is nothing to be owed because of it.
        return Remark(.notInspected, .info, message, hint: "`reconcile compare` tells all that was not read")
    }

    private func unknown(_ reason: String, _ severity: Severity) -> Remark {
        Remark(
            .notInspected,
            severity,
            object: folder.className,
            "whether the code of \(title) is ahead of its migrations is not known: \(reason)",
            hint: severity == .error ? "mend what `expects` of the class names, or what scratch lacks for it" : nil
        )
    }

    private var hint: String {
        let isNamed = if case .names = expected { true } else { false }
        let how =
            isNamed || folder.source.format == .drizzle
            ? "generate the migration with `drizzle-kit generate`"
            : folder.source.format == .plain
                ? "generate the migration with `reconcile generate \(folder.className) NAME`"
                : "write the migration with the tool of its folder"
        guard isNamed else { return how }
        return how + "; only names were compared, since they are read from definitions"
    }

    private func describe(_ difference: CodeDifference) -> [Remark] {
        let words: SchemaWords? = if case .loaded(_, let words) = expected { words } else { nil }
        var homes = whole.states.last?.homesOfObjects ?? [:]
        if case .loaded(let code, _) = expected { homes.merge(code.homesOfObjects) { $1 } }
        let missing = difference.missing.filter(\.isTable)
        let obsolete = difference.obsolete.filter(\.isTable)
        func remark(_ object: ObjectID, _ message: String) -> Remark {
            Remark(.codeAhead, .warning, object: object.qualifiedName, message, hint: hint)
        }
        var remarks = missing.map { remark($0, "the code of \(title) expects the table, and no migration makes it") }
        remarks += obsolete.map { remark($0, "migrations make the table, and the code of \(title) no longer has it") }

        var order: [ObjectID] = []
        var parts: [ObjectID: [String]] = [:]
        func add(_ object: ObjectID, _ tables: [ObjectID], _ say: (String) -> String) {
            let home = object.split(among: tables)?.table ?? homes[object]
            let owner = home ?? object
            if parts[owner] == nil { order.append(owner) }
            parts[owner, default: []].append(say(Self.title(of: object, in: home)))
        }
        let tables = tables(newest: whole.states.last)
        // A view's columns go with it as a table's do.
        let (absent, gone) = (difference.missing.filter(\.hasColumns), difference.obsolete.filter(\.hasColumns))
        for object in difference.missing where !object.isTable && !object.follows(absent, homes) {
            add(object, tables) {
                "the code has \($0)\(Self.said(words?.code.object(object))), and no migration makes it"
            }
        }
        for object in difference.obsolete where !object.isTable && !object.follows(gone, homes) {
            add(object, tables) { "migrations make \($0), and the code no longer has it" }
        }
        for object in difference.changed { add(object, tables) { "\($0) \(Self.change(of: object, words))" } }
        return remarks + order.sorted().map { remark($0, "\(title): " + (parts[$0] ?? []).joined(separator: "; ")) }
    }

    private func tables(newest: Catalog?) -> [ObjectID] {
        let known = (newest?.tables ?? []).map { ObjectID(.table, schema: $0.schema, name: $0.name) }
        return switch expected {
        case .loaded(let code, _): known + code.tables.map { ObjectID(.table, schema: $0.schema, name: $0.name) }
        case .names(let names): known + names.tableObjects
        case .failed, .unassessed: known
        }
    }

    /// `column "email"` within its table, `the enum` where it stands alone.
    private static func title(of object: ObjectID, in home: ObjectID?) -> String {
        guard let home, home != object else { return "the \(object.kind.rawValue)" }
        let name = object.isPart(of: home) ? String(object.name.dropFirst(home.name.count + 1)) : object.name
        return "\(object.kind.rawValue) \"\(name)\""
    }

    private static let longest = 160

    /// The words of something, where they are short enough to read in a line.
    private static func said(_ object: WordedSchema.Object?) -> String {
        guard let words = object?.words, !words.isEmpty, words.count <= longest, !words.contains("\n") else {
            return ""
        }
        // An enum's labels stand in brackets already.
        return words.hasPrefix("(") ? " \(words)" : " (\(words))"
    }

    private static func change(of object: ObjectID, _ words: SchemaWords?) -> String {
        guard let code = words?.code.object(object), let migrations = words?.migrations.object(object) else {
            return "differs"
        }
        let added = code.labels.filter { !migrations.labels.contains($0) }
        let gone = migrations.labels.filter { !code.labels.contains($0) }
        if !added.isEmpty || !gone.isEmpty {
            let news = added.isEmpty ? [] : ["has \(quoted(added)) in the code only"]
            return (news + (gone.isEmpty ? [] : ["has \(quoted(gone)) in the migrations only"])).joined(
                separator: ", and "
            )
        }
        let sides = [code.words, migrations.words]
        guard sides[0] != sides[1], sides.allSatisfy({ !$0.isEmpty && $0.count <= longest && !$0.contains("\n") })
        else {
            // Views and functions are no more than what makes them.
            let made = [code, migrations].map { $0.words.isEmpty ? $0.creation ?? "" : $0.words }
            guard made[0] != made[1], made.allSatisfy({ !$0.isEmpty }),
                let comparison = DefinitionText.comparison(expected: made[0], found: made[1], .changed)
            else { return "differs" }
            return "differs from what the code expects: \(comparison)"
        }
        return "is \(sides[0]) in the code and \(sides[1]) in the migrations"
    }

    private static func quoted(_ labels: [String]) -> String { labels.map { "'\($0)'" }.joined(separator: ", ") }
}
