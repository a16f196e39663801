package import FleetModel

/// Whether the versions that environments ask for exist.
package enum VersionCheck {
    /// Reports each entry whose version names no migration, or several, of its class's folder.
    ///
    /// Classes that have no folder here were reported when it was loaded.
    package static func check(fleet: DesiredFleet, folders: [String: MigrationFolder]) -> [Diagnostic] {
        fleet.environments.flatMap(\.entries).compactMap { entry in
            guard let folder = folders[entry.className.value] else { return nil }
            let version = entry.version
            let named = folder.migrations.filter { $0.tag == version.value }
            let numbered = folder.tags(withNumber: version.value)
            if named.isEmpty, numbered.count > 1 {
                return Diagnostic(
                    .error,
                    .unknownVersion,
                    "version \"\(version.value)\" names \(numbered.count) migrations of class \"\(folder.className)\"",
                    at: version.range,
                    hint: "give the tag: " + numbered.map { "\"\($0)\"" }.joined(separator: ", ")
                )
            }
            if let position = folder.position(ofVersion: version.value) {
                guard position < folder.migrations.count - 1, folder.migrations.contains(where: \.isRepeatable) else {
                    return nil
                }
                return Diagnostic(
                    .error,
                    .unknownVersion,
                    "version \"\(version.value)\" is not the newest, and class \"\(folder.className)\" has repeatable "
                        + "migrations, which are as of the newest",
                    at: version.range,
                    hint: "declare \"latest\""
                )
            }
            let near = folder.nearestTags(to: version.value).map { "\"\($0)\"" }.joined(separator: ", ")
            return Diagnostic(
                .error,
                .unknownVersion,
                "version \"\(version.value)\" names no migration of class \"\(folder.className)\"",
                at: version.range,
                hint: "near are \(near); \"latest\" is \"\(folder.migrations.last?.tag ?? "")\""
            )
        }
    }
}

extension MigrationFolder {
    fileprivate func tags(withNumber version: String) -> [String] {
        guard let number = MigrationNumber(version) else { return [] }
        return migrations.filter { MigrationNumber($0.number) == number }.map(\.tag)
    }

    /// At most three, the nearest first.
    fileprivate func nearestTags(to version: String) -> [String] {
        let distances = migrations.map { (tag: $0.tag, distance: editDistance(from: version, to: $0.tag)) }
        return distances.enumerated()
            .sorted { ($0.element.distance, -$0.offset) < ($1.element.distance, -$1.offset) }
            .prefix(3).map(\.element.tag)
    }
}

/// How many characters must be inserted, removed or replaced (Levenshtein).
private func editDistance(from first: String, to second: String) -> Int {
    let second = Array(second)
    var row = Array(0...second.count)
    for (index, left) in first.enumerated() {
        var diagonal = row[0]
        row[0] = index + 1
        for (column, right) in second.enumerated() {
            let replaced = diagonal + (left == right ? 0 : 1)
            diagonal = row[column + 1]
            row[column + 1] = min(replaced, row[column] + 1, row[column + 1] + 1)
        }
    }
    return row[second.count]
}
