package import FleetModel

/// Manifests for servers that exist: what `init` writes.
package struct ManifestDraft: Sendable {
    /// A class to be written, or one that a manifest declares already.
    package struct Class: Sendable {
        package var name: String
        /// Relative to `manifests/`.
        package var directory: String
        package var format: MigrationSource.Format
        package var isDeclared: Bool
        /// To be written even where no database is of it.
        package var isWanted: Bool

        package init(
            name: String,
            directory: String,
            format: MigrationSource.Format,
            isDeclared: Bool,
            isWanted: Bool
        ) {
            self.name = name
            self.directory = directory
            self.format = format
            self.isDeclared = isDeclared
            self.isWanted = isWanted
        }
    }

    package struct File: Sendable, Hashable {
        /// Relative to the root.
        package var path: String
        package var text: String
    }

    /// A database that no entry claims, and why.
    package struct LeftOut: Sendable, Hashable {
        package var instance: String
        package var database: String
        package var reason: String
    }

    package private(set) var files: [File] = []
    package private(set) var leftOut: [LeftOut] = []

    /// Writes them.
    ///
    /// - Parameters:
    ///   - servers: those that were reached and that no manifest declares, each with its role.
    ///   - classes: what a database can be of.
    ///   - passwordVariable: what the instances name where a password was needed.
    package init(
        servers: [(server: FoundServer, role: EnvironmentRole)],
        classes: [Class],
        passwordVariable: String?
    ) {
        let ordered = classes.sorted { left, right in
            let counts = [left, right].map { Self.databases(of: $0, in: servers.map(\.server)).count }
            return (counts[0], left.name) < (counts[1], right.name)
        }
        for drafted in ordered where !drafted.isDeclared {
            let databases = Self.databases(of: drafted, in: servers.map(\.server))
            guard drafted.isWanted || !databases.isEmpty else { continue }
            files.append(Self.file(drafted, databases))
        }
        for role in EnvironmentRole.allCases {
            let own = servers.filter { $0.role == role }.map(\.server)
            guard !own.isEmpty else { continue }
            let drafted = EnvironmentDraft(role, own, ordered.map(\.name), passwordVariable)
            files.append(File(path: "environments/\(role.rawValue).yaml", text: drafted.text))
            leftOut += drafted.leftOut
        }
    }

    static let head = "# Written by `reconcile init` from what it found. It is yours now: read it, mend it, commit it."

    private static func databases(of drafted: Class, in servers: [FoundServer]) -> [FoundDatabase] {
        servers.flatMap { $0.reached?.databases ?? [] }.filter { $0.likeness.className == drafted.name }
    }

    private static func file(_ drafted: Class, _ databases: [FoundDatabase]) -> File {
        var lines = [head]
        let names = Set(databases.map(\.name)).sorted()
        lines.append(
            databases.isEmpty
                ? "# No database was found that is of it."
                : "# Of this class by their tables: "
                    + YAMLText.comment(names.prefix(8).joined(separator: ", "))
                    + (names.count > 8 ? " and \(names.count - 8) more." : ".")
        )
        lines += ["apiVersion: reconcile/v1", "kind: DatabaseClass", "name: \(YAMLText.scalar(drafted.name))"]
        lines += [
            "migrations:", "  directory: \(YAMLText.scalar(drafted.directory))", "  format: \(drafted.format.name)",
        ]
        if let place = databases.compactMap(\.history).first(where: { $0.format == drafted.format }),
            !place.isDefault
        {
            lines += ["  schema: \(YAMLText.scalar(place.schema))", "  table: \(YAMLText.scalar(place.table))"]
        }
        let owners = Set(databases.map(\.observed.owner))
        if owners.count == 1, let owner = owners.first, !owner.isEmpty {
            lines.append("# Who owns all that were found; those that are created will be owned alike.")
            lines.append("create: {owner: \(YAMLText.scalar(owner))}")
        }
        return File(path: "manifests/\(drafted.name).yaml", text: lines.joined(separator: "\n") + "\n")
    }
}

extension HistoryPlace {
    fileprivate var isDefault: Bool { schema == format.defaultSchema && table == format.defaultTable }
}

/// One environment's manifest.
private struct EnvironmentDraft {
    private(set) var lines: [String] = []
    private(set) var leftOut: [ManifestDraft.LeftOut] = []

    var text: String { lines.joined(separator: "\n") + "\n" }

    init(_ role: EnvironmentRole, _ servers: [FoundServer], _ classes: [String], _ passwordVariable: String?) {
        lines = [
            ManifestDraft.head, "apiVersion: reconcile/v1", "kind: Environment", "name: \(role.rawValue)",
            "role: \(role.rawValue)", "", "instances:",
        ]
        for server in servers {
            describe(server)
            lines += InstanceDraft(server, passwordVariable: passwordVariable, role: role)?.lines ?? []
        }
        lines.append("")
        var body: [String] = []
        for name in classes {
            for server in servers { body += entries(of: name, on: server, all: classes) }
        }
        for server in servers { body += unclaimed(on: server, classes) }
        let hasEntries = body.contains { $0.hasPrefix("  - ") }
        lines.append(hasEntries ? "databases:" : "databases: []")
        lines += hasEntries ? body : body.map { String($0.drop { $0 == " " }) }
    }

    private mutating func describe(_ server: FoundServer) {
        guard let reached = server.reached else { return }
        var facts = ["PostgreSQL \(reached.facts.version)"]
        if let container = server.candidate.container {
            facts.append("container \(container.name) of image \(container.image)")
        }
        if let cluster = server.candidate.cluster { facts.append("cluster \(cluster)") }
        if let folder = reached.dataFolder { facts.append("data in \(folder)") }
        let others = server.addresses.filter { $0 != reached.address }.map(\.description)
        if !others.isEmpty { facts.append("also at \(others.joined(separator: ", "))") }
        lines.append("  # " + YAMLText.comment(facts.joined(separator: "; ")))
    }

    private func databases(_ server: FoundServer) -> [FoundDatabase] {
        // What runs keep aside is theirs.
        (server.reached?.databases ?? []).filter { !RunName.isAside($0.name) }.sorted { $0.name < $1.name }
    }

    private func entries(of className: String, on server: FoundServer, all classes: [String]) -> [String] {
        let everyone = databases(server)
        let own = everyone.filter { $0.likeness.className == className }
        let groups = Dictionary(grouping: own) { Standing(version: $0.version, nearest: $0.version ?? $0.nearest) }
            .sorted { ($0.value.count, $0.key.order) < ($1.value.count, $1.key.order) }
        return groups.enumerated().flatMap { index, group in
            let names = group.value.map(\.name)
            // The first entry that claims a name wins, so the last may match the others of the class as well.
            let claimed = Set(index == groups.count - 1 ? own.map(\.name) : names)
            var pairs: [String] = []
            if names.count >= 3, let pattern = Self.pattern(names, claimed, among: everyone.map(\.name)) {
                pairs.append("match: \(YAMLText.scalar(pattern))")
            } else if names.count == 1 {
                pairs.append("name: \(YAMLText.scalar(names[0]))")
            } else {
                pairs.append("names: [\(names.map(YAMLText.scalar).joined(separator: ", "))]")
            }
            pairs.append("class: \(YAMLText.scalar(className))")
            pairs.append("version: \(YAMLText.scalar(group.key.nearest ?? "latest"))")
            pairs.append("instance: \(YAMLText.scalar(server.name))")
            return ["  # " + YAMLText.comment(Self.remark(group.value, group.key))]
                + ["  - {\(pairs.joined(separator: ", "))}"]
        }
    }

    /// What a version was told from.
    private struct Standing: Hashable {
        var version: String?
        var nearest: String?

        var order: String { (version ?? "") + "/" + (nearest ?? "") }
    }

    private static func remark(_ databases: [FoundDatabase], _ standing: Standing) -> String {
        let mixed = databases.filter { if case .mixture = $0.likeness { true } else { false } }
        var remark = databases.count == 1 ? "1 database" : "\(databases.count) databases"
        remark +=
            standing.version.map { ", found at \($0)" }
            ?? ", found at no version exactly\(standing.nearest == nil ? "" : ", this is the nearest"): `plan` says what differs"
        if !mixed.isEmpty {
            remark +=
                "; tables of other classes in \(mixed.map(\.name).prefix(4).joined(separator: ", "))"
                + (mixed.count > 4 ? " and \(mixed.count - 4) more" : "")
        }
        return remark
    }

    /// A glob that fits all these names, and of the others only those that an earlier entry has claimed.
    static func pattern(_ names: [String], _ claimed: Set<String>, among all: [String]) -> String? {
        guard var prefix = names.first.map({ $0[...] }) else { return nil }
        for name in names { prefix = prefix.prefix(zip(prefix, name).prefix { $0.0 == $0.1 }.count) }
        // Up to the last mark between words: `tenant_1`, `tenant_12` are `tenant_*`.
        guard let end = prefix.lastIndex(where: { $0 == "_" || $0 == "-" }), end > prefix.startIndex else { return nil }
        let stem = prefix[...end]
        guard !stem.contains(where: { "*?[".contains($0) }) else { return nil }
        let pattern = "\(stem)*"
        guard let glob = Glob(pattern), all.allSatisfy({ !glob.matches($0) || claimed.contains($0) }) else {
            return nil
        }
        return pattern
    }

    private mutating func unclaimed(on server: FoundServer, _ classes: [String]) -> [String] {
        let unclaimed = databases(server).filter { $0.likeness.className.map(classes.contains) != true }
        guard !unclaimed.isEmpty else { return [] }
        var lines = ["  # Claimed by no entry; write one for each that is to be managed:"]
        // Those that hold the same tables want the same class.
        var groups: [(reason: String, tables: Set<TableName>, names: [String])] = []
        for database in unclaimed {
            let tables = Set(database.tables ?? [])
            let reason = Self.reason(database)
            leftOut.append(.init(instance: server.name, database: database.name, reason: reason))
            if let index = groups.firstIndex(where: { $0.reason == reason && $0.tables == tables }) {
                groups[index].names.append(database.name)
            } else {
                groups.append((reason, tables, [database.name]))
            }
        }
        for group in groups {
            let names = group.names.prefix(12).joined(separator: ", ")
            let more = group.names.count > 12 ? " and \(group.names.count - 12) more" : ""
            let each = group.names.count > 1 && !group.tables.isEmpty ? " (all of them the same)" : ""
            lines.append("  #   " + YAMLText.comment("\(server.name): \(names)\(more): \(group.reason)\(each)"))
        }
        return lines
    }

    private static func reason(_ database: FoundDatabase) -> String {
        if let reason = database.reason { return "could not be looked into: \(reason)" }
        if database.likeness == .empty { return "is empty, so its class cannot be told" }
        let count = database.tables?.count ?? 0
        return "\(count == 1 ? "its table fits" : "its \(count) tables fit") no migration folder that is known"
    }
}
