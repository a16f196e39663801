internal import Effects
internal import Glibc

/// Where a backup lies: `<directory>/<environment>/<run>/<instance>/<database>.json` and `.dump` beside it.
package struct BackupPlace: Sendable, Hashable {
    package var directory: String
    package var environment: String
    package var runID: String
    package var instance: String
    package var database: String
    package var purpose: Purpose

    /// What an archive is taken for: a move takes some beside the backup that policy asks for.
    package enum Purpose: String, Sendable, Hashable, CaseIterable {
        case backup = ""
        /// Of what stands still while it is moved. No name becomes a path with this in it.
        case move = "%move"
        case rehearsal = "%rehearsal"
    }

    /// A place under `backup.directory`, given as an absolute path.
    package init(
        directory: String,
        environment: String,
        runID: String,
        instance: String,
        database: String,
        purpose: Purpose = .backup
    ) {
        self.purpose = purpose
        self.directory = directory
        self.environment = environment
        self.runID = runID
        self.instance = instance
        self.database = database
    }

    package var runFolder: String { "\(directory)/\(Self.encoded(environment))/\(Self.encoded(runID))" }
    package var folder: String { "\(runFolder)/\(Self.encoded(instance))" }
    package var archive: String { "\(folder)/\(Self.encoded(database))\(purpose.rawValue).dump" }
    package var receipt: String { "\(folder)/\(Self.encoded(database))\(purpose.rawValue).json" }

    /// A name as one component of a path: a database may be called `..` or `a/b`.
    package static func encoded(_ name: String) -> String {
        var path = ""
        for (index, byte) in name.utf8.enumerated() {
            let character = Character(Unicode.Scalar(byte))
            let isPlain = character.isASCII && (character.isLetter || character.isNumber || "_-".contains(character))
            if isPlain || (character == "." && index > 0) {
                path.append(character)
            } else {
                let digits = String(byte, radix: 16, uppercase: true)
                path += "%" + (digits.count < 2 ? "0" : "") + digits
            }
        }
        return path
    }
}

/// Marks a run's folder as in use for as long as this lives: the kernel takes the mark away with the process.
package final class RunFolderMark: Sendable {
    private let descriptor: CInt

    package enum Use: Sendable { case taking, clearing }

    /// - Returns: nil where others use it in a way that this use forbids, or the folder is gone.
    package init?(_ folder: String, for use: Use) throws(BackupError) {
        let path = "\(folder)/.lock"
        let descriptor = Outside.perform(.createFile(".lock")) {
            open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        }
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw .file(path: path, what: "open", reason: PrivateFolder.reason)
        }
        fchmod(descriptor, 0o600)
        var status = stat()
        // Whoever held it before may have taken it away meanwhile.
        guard flock(descriptor, (use == .taking ? LOCK_SH : LOCK_EX) | LOCK_NB) == 0, fstat(descriptor, &status) == 0,
            status.st_nlink > 0
        else {
            close(descriptor)
            return nil
        }
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }
}
