internal import Effects
internal import Glibc
package import Servers

/// Proves that an archive is the file that was written and can be read to its end.
package struct ArchiveCheck: Sendable {
    package var programs: PostgresPrograms

    package init(programs: PostgresPrograms) {
        self.programs = programs
    }

    /// Size and SHA-256 against the receipt.
    package func checksum(_ backup: StoredBackup) throws(BackupError) {
        let (sha256, size) = try FileDigest.of(backup.archivePath)
        guard size == backup.receipt.sizeBytes else {
            throw .archive(
                path: backup.archivePath,
                .size(expected: backup.receipt.sizeBytes, found: size)
            )
        }
        guard sha256 == backup.receipt.sha256 else { throw .archive(path: backup.archivePath, .checksum) }
    }

    /// Checksum, then all of it through `pg_restore`; its table of contents alone (`--list`) proves nothing.
    ///
    /// - Returns: the backup with its level raised in the receipt.
    @discardableResult
    package func read(_ backup: StoredBackup) async throws -> StoredBackup {
        try checksum(backup)
        try await readThrough(backup.archivePath)
        return try await backup.raised(to: .read)
    }

    /// Reads an archive to its end, whatever its checksum.
    package func readThrough(_ archive: String) async throws {
        #if MUTATIONS
        if Mutation.listAsVerification.isOn {
            _ = try await contents(archive)
            return
        }
        #endif
        let result = try await run(["--file=/dev/null"], on: archive)
        guard result.status == 0 else {
            throw BackupError.archive(path: archive, .unreadable(ProgramReport.reason(result)))
        }
    }

    /// The archive's entries, as `pg_restore --use-list` takes them back.
    func contents(_ archive: String) async throws -> [String] {
        let result = try await run(["--list"], on: archive)
        guard result.status == 0 else {
            throw BackupError.archive(path: archive, .unreadable(ProgramReport.reason(result)))
        }
        return result.outputText.split(separator: "\n").map(String.init).filter { !$0.hasPrefix(";") }
    }

    private func run(_ arguments: [String], on archive: String) async throws -> CommandResult {
        guard access(archive, F_OK) == 0 else { throw BackupError.archive(path: archive, .missing) }
        let command = Command(
            programs.path("pg_restore"),
            ["--format=custom"] + arguments,
            folder: "/",
            user: try ProcessUser.forPostgres()
        )
        return try await command.run(inputFile: archive)
    }
}

/// What one of PostgreSQL's programs said, fit to be shown.
enum ProgramReport {
    /// Its errors, or how it ended where it said nothing.
    ///
    /// `DETAIL` and `CONTEXT` quote rows, so they are left out.
    static func reason(_ result: CommandResult) -> String {
        let lines = result.errors.split(separator: "\n")
        let errors = lines.compactMap { line -> Substring? in
            guard line.hasPrefix("pg_"), let colon = line.firstIndex(of: ":") else { return nil }
            let rest = line[colon...].dropFirst(2)
            if rest.hasPrefix("warning:") || rest.hasPrefix("detail:") || rest.hasPrefix("hint:") { return nil }
            return rest.hasPrefix("error: ") ? rest.dropFirst(7) : rest
        }
        let said = errors.isEmpty ? lines.prefix(1) : errors.prefix(3)
        if !said.isEmpty { return said.joined(separator: "; ") }
        return result.status > 128 ? "ended by signal \(result.status - 128)" : "exit status \(result.status)"
    }
}
