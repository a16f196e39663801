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
    private static func folders(of directory: String) -> [String] {
        var level = [directory]
        for _ in 0..<3 {
            level = level.flatMap { folder in
                PrivateFolder.names(in: folder).filter { !$0.hasPrefix(".") }.map { "\(folder)/\($0)" }
                    .filter(PrivateFolder.isOwnFolder)
            }
        }
        return level
    }

    /// Backups that may go: older than `keep` and not the last hope of their database.
    ///
    /// Of each database there stay, whatever their age, the newest backup and the newest one proved by a restore, counted
    /// among those whose archive is there.
    package static func expired(
        _ backups: [StoredBackup],
        keep: Duration,
        now: Int64,
        isWhole: (StoredBackup) -> Bool
    ) -> [StoredBackup] {
        let byDatabase = Dictionary(grouping: backups) { backup in
            [backup.receipt.environment, backup.receipt.instance, backup.receipt.database].map { Array($0.utf8) }
        }
        return byDatabase.values.flatMap { backups -> [StoredBackup] in
            let whole = backups.filter(isWhole).sorted { ($0.receipt.takenAt, $0.path) < ($1.receipt.takenAt, $1.path) }
            var kept = Set(whole.suffix(1).map(\.path))
            for level in BackupReceipt.Level.allCases {
                if let newest = whole.last(where: { $0.receipt.verified >= level }) { kept.insert(newest.path) }
            }
            return backups.filter { backup in
                !kept.contains(backup.path) && now - backup.receipt.takenAt > keep.components.seconds
            }
        }.sorted { $0.path < $1.path }
    }

    /// Deletes what `expired` names: an archive and its receipt, and folders that are empty then.
    ///
    /// - Returns: what was deleted.
    package func deleteExpired(keep: Duration, now: Int64) throws(BackupError) -> [StoredBackup] {
        let expired = Self.expired(backups, keep: keep, now: now) { backup in
            PrivateFolder.size(of: backup.archivePath) == backup.receipt.sizeBytes
        }
        for backup in expired {
            // The receipt goes last: while it is there, the next run knows whose the archive is.
            PrivateFolder.removeFile(backup.archivePath)
            PrivateFolder.removeFile(backup.path)
            removeEmptyFolders(from: PrivateFolder.parent(of: backup.path))
        }
        return expired
    }

    /// Removes what runs that died left unfinished (`*.partial`).
    ///
    /// Other files stay, and so does everything of a run that lives.
    ///
    /// - Returns: the paths removed.
    package func clearUnfinished() throws(BackupError) -> [String] {
        ClientAccess.clear()
        var removed: [String] = []
        for folder in Self.folders(of: directory) {
            let partial = PrivateFolder.names(in: folder).filter { name in
                name.hasSuffix(".dump.partial") || (name.contains(".json.") && name.hasSuffix(".partial"))
            }
            guard !partial.isEmpty else { continue }
            // Held by every process that writes here, and gone with it.
            guard let mark = try RunFolderMark(PrivateFolder.parent(of: folder), for: .clearing) else { continue }
            for name in partial {
                PrivateFolder.removeFile("\(folder)/\(name)")
                removed.append("\(folder)/\(name)")
            }
            withExtendedLifetime(mark) {}
            removeEmptyFolders(from: folder)
        }
        return removed
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
