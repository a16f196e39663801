import Applying
import Effects
import FleetModel
import Glibc
import Servers
import Testing
import TestSupport

/// What must be true of a root's backups whatever happened to the run that took them.
struct BackupChecks: Sendable {
    let root: ScenarioRoot
    var directory: String { "\(root.folder.path)/.reconcile/backups" }

    enum Moment {
        /// A run has failed, or said that it was done.
        case ended
        /// A run was killed: what it was writing is there.
        case killed
        /// Another run came after it.
        case cleared
    }

    /// Each receipt is whole and tells of an archive that is whole, and there is nothing else but what has a name for it.
    @discardableResult
    func check(_ moment: Moment, _ what: String) throws -> [StoredBackup] {
        let catalog = BackupCatalog(directory: directory)
        #expect(catalog.diagnostics.isEmpty, "\(what): \(catalog.diagnostics.map(\.message))")
        let check = ArchiveCheck(programs: PostgresPrograms(folder: "", version: .init(number: 0), hasServer: false))
        for backup in catalog.backups { #expect(throws: Never.self, "\(what)") { try check.checksum(backup) } }
        let known = Set(catalog.backups.flatMap { [$0.path, $0.archivePath] })
        let others = Files.all(below: directory).filter { !$0.hasPrefix(".scratch") && !$0.hasSuffix(".lock") }
            .map { "\(directory)/\($0)" }.filter { !known.contains($0) }
        // Between two renames an archive has its name and its receipt does not yet.
        let receipts = others.filter { $0.hasSuffix(".partial") && $0.contains(".json.") }
        let halfNamed = others.filter { archive in
            archive.hasSuffix(".dump") && receipts.contains { $0.hasPrefix(archive.dropLast(5) + ".json.") }
        }
        switch moment {
        case .killed:
            let strange = others.filter { !$0.hasSuffix(".partial") && !halfNamed.contains($0) }
            #expect(strange.isEmpty, "\(what): \(strange)")
        case .ended, .cleared: #expect(others.isEmpty, "\(what): \(others)")
        }
        if moment == .cleared { #expect((Files.names(in: "\(directory)/.scratch") ?? []).isEmpty, "\(what)") }
        return catalog.backups
    }

    /// What was to be destroyed is there, or a proved backup of it is.
    func checkRows(_ what: String) async throws {
        let isThere = try await root.server.value(
            "SELECT count(*) FROM pg_attribute WHERE attrelid = 'accounts'::regclass AND attname = 'name'",
            database: "hub"
        )
        guard isThere == "0" else { return }
        let proved = BackupCatalog(directory: directory).backups.filter { $0.receipt.verified >= .restore }
        #expect(!proved.isEmpty, "\(what): the column is gone, and no proved backup holds it")
    }

    /// Whether the server was told to destroy anything; it must log all statements.
    var destroys: Bool { (Files.text("\(root.server.folder)/log") ?? "").contains("DROP COLUMN") }
}
