internal import FleetModel
internal import Migrations

/// Where what causes a finding was written: an entry or an instance of the environment, a migration, a class.
struct Locations {
    private let input: PlanningInput
    private var rows: [DatabaseKey: Claims.Row] = [:]
    /// The line at which a migration failed on scratch, by class and position.
    private var failures: [Place: Int] = [:]

    private struct Place: Hashable {
        var className: String
        var position: Int
    }

    init(_ input: PlanningInput) {
        self.input = input
        for claims in input.claims.instances {
            for row in claims.rows { rows[DatabaseKey(instance: claims.name, database: row.name)] = row }
        }
        for (request, replay) in input.replays {
            guard case .failed(let at, _) = replay.end, let line = replay.failureLine else { continue }
            let place = Place(className: request.className, position: request.sequence[at])
            failures[place] = min(line, failures[place] ?? line)
        }
    }

    /// The findings, each with its place; what is known already stays.
    func located(_ findings: [Finding]) -> [Finding] {
        findings.map { finding in
            guard finding.location == nil else { return finding }
            var finding = finding
            finding.location = position(of: finding)
            return finding
        }
    }

    private func position(of finding: Finding) -> FilePosition? {
        let row = finding.database.flatMap { rows[DatabaseKey(instance: finding.instance, database: $0)] }
        guard let row, case .claimed(let index) = row.standing else { return stranger(finding) }
        let entry = input.environment.entries[index]
        switch finding.code {
        case .instanceUnreachable, .instanceRetiringInUse, .databaseUnmanaged: return instance(finding.instance)
        case .versionAhead: return FilePosition(entry.version.range)
        case .migrationsPending: return pending(row, index)
        case .migrationEdited, .migrationUnfinished, .migrationOutOfOrder, .migrationFails:
            return migration(finding, entry) ?? FilePosition(entry.version.range)
        case .checkFailed, .codeAhead:
            guard let databaseClass = input.databaseClass(named: entry.className.value) else { break }
            let check = databaseClass.checks.first { $0.name == finding.object }
            return FilePosition(check?.range ?? databaseClass.name.range)
        case .databaseMissing, .databaseEmpty, .migrationUnknown, .historyMissing, .tableMisplaced, .tableMissing,
            .tableUnexpected, .schemaDrift, .indexInvalid, .notInspected:
            break
        }
        return FilePosition(entry.range)
    }

    /// Of what no entry claims.
    private func stranger(_ finding: Finding) -> FilePosition? {
        // An entry whose query has no answer yet is named by its line.
        if finding.code == .notInspected, let object = finding.object,
            let entry = input.environment.entries.first(where: { $0.label == object })
        {
            return FilePosition(entry.range)
        }
        return instance(finding.instance)
    }

    private func instance(_ name: String) -> FilePosition {
        FilePosition(input.environment.instance(named: name)?.name.range ?? input.environment.name.range)
    }

    /// What is owed comes from the version that is written down; where that says `latest`, from the first file.
    private func pending(_ row: Claims.Row, _ index: Int) -> FilePosition {
        let entry = input.environment.entries[index]
        guard entry.version.value == "latest", let folder = input.folders[entry.className.value],
            let history = row.observed?.state?.history, history.exists,
            let first = input.accounting(of: history, folder: folder, entry: index)?.pending.first
        else { return FilePosition(entry.version.range) }
        return FilePosition(file: folder.migrations[first].file)
    }

    private func migration(_ finding: Finding, _ entry: DatabaseEntry) -> FilePosition? {
        guard let folder = input.folders[entry.className.value],
            let position = folder.migrations.firstIndex(where: { $0.tag == finding.object })
        else { return nil }
        let place = Place(className: folder.className, position: position)
        let line = finding.code == .migrationFails ? failures[place] : nil
        return FilePosition(file: folder.migrations[position].file, line: line ?? 1)
    }
}

extension DatabaseEntry {
    /// How a finding about the entry as a whole calls it.
    var label: String { "entry at line \(range.start.line)" }
}
