internal import Effects
package import FleetModel
internal import Glibc

/// The backups under one directory, as their receipts tell.
package struct BackupCatalog: Sendable {
    /// `backup.directory`, as an absolute path.
    package let directory: String
    /// By time taken, then path.
    package private(set) var backups: [StoredBackup] = []
    /// One for each receipt that could not be read.
    package private(set) var diagnostics: [Diagnostic] = []

    /// Reads every receipt; a directory that is not there holds none.
    package init(directory: String) {
        self.directory = directory
        for folder in Self.folders(of: directory) {
            for name in PrivateFolder.names(in: folder) where name.hasSuffix(".json") {
                let path = "\(folder)/\(name)"
                do throws(BackupError) {
                    backups.append(try StoredBackup.read(path))
                } catch {
                    diagnostics.append(
                        Diagnostic(
                            .warning,
                            .fileUnreadable,
                            error.description,
                            at: .beginning(of: path),
                            hint: "its archive is kept; what it was can no longer be told"
                        )
                    )
                }
            }
        }
        backups.sort { ($0.receipt.takenAt, $0.path) < ($1.receipt.takenAt, $1.path) }
    }

    /// Folders of instances: `<directory>/<environment>/<run>/<instance>`; links are not followed.
    private static func folders(of directory: String) -> [String] { folders(of: directory, depth: 3) }

    private static func folders(of directory: String, depth: Int) -> [String] {
        var level = [directory]
        for _ in 0..<depth {
            level = level.flatMap { folder in
                PrivateFolder.names(in: folder).filter { !$0.hasPrefix(".") }.map { "\(folder)/\($0)" }
                    .filter(PrivateFolder.isOwnFolder)
            }
        }
        return level
    }

    /// Backups that may go: older than `keep` and not the last hope of their database.
    ///
    /// Of each database there stay, whatever their age, the newest backup and the newest one proved to each level, counted
    /// among those that are whole. What cannot be told (nil) is not counted and stays; where none is whole, the newest of
    /// what there is stays.
    package static func expired(
        _ backups: [StoredBackup],
        keep: Duration,
        now: Int64,
        isWhole: (StoredBackup) -> Bool?
    ) -> [StoredBackup] {
        let byDatabase = Dictionary(grouping: backups) { backup in
            [backup.receipt.environment, backup.receipt.instance, backup.receipt.database].map { Array($0.utf8) }
        }
        var expired: [StoredBackup] = []
        for backups in byDatabase.values {
            let old = backups.filter { now - $0.receipt.takenAt > keep.components.seconds }
            // To look whether an archive is whole is to read it.
            if old.isEmpty { continue }
            let newestFirst = backups.sorted { ($0.receipt.takenAt, $0.path) > ($1.receipt.takenAt, $1.path) }
            var known: [String: Bool?] = [:]
            var kept: Set<String> = []
            for level in BackupReceipt.Level.allCases {
                for backup in newestFirst where backup.receipt.verified >= level {
                    let isWhole = known[backup.path] ?? isWhole(backup)
                    known[backup.path] = .some(isWhole)
                    if isWhole != false { kept.insert(backup.path) }
                    if isWhole == true { break }
                }
            }
            if kept.isEmpty { kept = Set(newestFirst.prefix(1).map(\.path)) }
            expired += old.filter { !kept.contains($0.path) }
        }
        return expired.sorted { $0.path < $1.path }
    }

    /// Deletes what `expired` names: an archive and its receipt, and folders that are empty then.
    ///
    /// A receipt that lies where it was not written is somebody's copy, and no more counted than deleted.
    ///
    /// - Returns: what was deleted.
    package func deleteExpired(keep: Duration, now: Int64) throws(BackupError) -> [StoredBackup] {
        let expired = Self.expired(backups.filter(isInItsPlace), keep: keep, now: now, isWhole: Self.isWhole)
        var deleted: [StoredBackup] = []
        var obstacle: BackupError?
        for backup in expired {
            // The receipt goes last: while it is there, the next run knows whose the archive is.
            guard let path = [backup.archivePath, backup.path].first(where: { !PrivateFolder.removeFile($0) }) else {
                deleted.append(backup)
                removeEmptyFolders(from: PrivateFolder.parent(of: backup.path))
                continue
            }
            obstacle = .file(path: path, what: "delete", reason: PrivateFolder.reason)
        }
        if let obstacle { throw obstacle }
        return deleted
    }

    private func isInItsPlace(_ backup: StoredBackup) -> Bool {
        let receipt = backup.receipt
        return BackupPlace.Purpose.allCases.contains { purpose in
            let place = BackupPlace(
                directory: directory,
                environment: receipt.environment,
                runID: receipt.runID,
                instance: receipt.instance,
                database: receipt.database,
                purpose: purpose
            )
            return place.receipt == backup.path
        }
    }

    /// Whether an archive is, byte for byte, the one that was written; nil where it could not be read.
    private static func isWhole(_ backup: StoredBackup) -> Bool? {
        guard let size = PrivateFolder.size(of: backup.archivePath), size == backup.receipt.sizeBytes else {
            return false
        }
        return (try? FileDigest.of(backup.archivePath)).map { $0.sha256 == backup.receipt.sha256 }
    }

    /// Removes what runs that died left unfinished: `*.partial`, and an archive whose receipt is still one.
    ///
    /// Other files stay, and so does everything of a run that lives.
    ///
    /// - Returns: the paths removed.
    package func clearUnfinished() throws(BackupError) -> [String] {
        ClientAccess.clear()
        var removed: [String] = []
        for run in Self.folders(of: directory, depth: 2) {
            let folders = [run] + Self.folders(of: run, depth: 1)
            let unfinished = folders.dropFirst().flatMap(Self.unfinished)
            let empty = folders.filter { PrivateFolder.names(in: $0).allSatisfy { $0 == ".lock" } }
            guard !unfinished.isEmpty || !empty.isEmpty else { continue }
            // Held by every process that writes here, and gone with it.
            guard let mark = try RunFolderMark(run, for: .clearing) else { continue }
            removed += unfinished.filter { PrivateFolder.removeFile($0) }
            for folder in folders.reversed() { removeEmptyFolders(from: folder) }
            withExtendedLifetime(mark) {}
        }
        return removed
    }

    /// What a run that died left in an instance's folder; an archive goes before what tells whose it is.
    private static func unfinished(in folder: String) -> [String] {
        PrivateFolder.names(in: folder).flatMap { name -> [String] in
            let path = "\(folder)/\(name)"
            if name.hasSuffix(".dump.partial") { return [path] }
            guard name.hasSuffix(".partial"), let end = name.start(ofLast: ".json.") else { return [] }
            let archive = "\(folder)/\(name[..<end]).dump"
            guard access("\(folder)/\(name[..<end]).json", F_OK) != 0, let size = PrivateFolder.size(of: archive),
                let backup = try? StoredBackup.read(path), backup.receipt.sizeBytes == size
            else { return [path] }
            return [archive, path]
        }
    }

    func removeEmptyFolders(ofRun run: String, environment: String) {
        let folder = BackupPlace(directory: directory, environment: environment, runID: run, instance: "", database: "")
            .runFolder
        for name in PrivateFolder.names(in: folder) where PrivateFolder.isOwnFolder("\(folder)/\(name)") {
            removeEmptyFolders(from: "\(folder)/\(name)")
        }
    }

    private func removeEmptyFolders(from folder: String) {
        var folder = folder
        while folder.hasPrefix("\(directory)/"), PrivateFolder.names(in: folder).allSatisfy({ $0 == ".lock" }) {
            PrivateFolder.removeFile("\(folder)/.lock")
            let emptied = folder
            Outside.perform(.remove(emptied)) { _ = rmdir(emptied) }
            folder = PrivateFolder.parent(of: folder)
        }
    }
}

extension String {
    /// Where the last `text` in it begins.
    fileprivate func start(ofLast text: String) -> Index? { ranges(of: text).last?.lowerBound }
}

extension PrivateFolder {
    /// A folder itself, no link to one.
    static func isOwnFolder(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Of a plain file; nil where there is none.
    static func size(of path: String) -> Int64? {
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        return Int64(status.st_size)
    }
}
