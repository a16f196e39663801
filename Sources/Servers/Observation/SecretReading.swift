internal import Effects
package import FleetModel
internal import Glibc
package import Postgres

/// Why a secret could not be had; never the secret.
package enum SecretError: Error, Sendable, CustomStringConvertible {
    case noVariable(String)
    case unreadable(path: String, reason: String)
    /// Others than its owner may read the file, and the environment is one of production.
    case readableByOthers(path: String)
    case commandFailed(program: String, reason: String)

    package var description: String {
        switch self {
        case .noVariable(let name): "the environment variable \"\(name)\" is not set"
        case .unreadable(let path, let reason): "cannot read the secret in \"\(path)\": \(reason)"
        case .readableByOthers(let path):
            "the secret file \"\(path)\" can be read by others: take the rights away (chmod 600) before it is used in production"
        case .commandFailed(let program, let reason): "\"\(program)\" gave no secret: \(reason)"
        }
    }
}

extension SecretSource {
    /// Reads the secret from where the manifest says that it is.
    ///
    /// - Parameters:
    ///   - role: the environment's; in production a file that others may read is refused.
    ///   - warn: told what is unwise but allowed outside production.
    /// - Returns: the variable's whole value, or the first line of the file or of what the command wrote.
    /// - Throws: `SecretError`.
    package func read(
        for role: EnvironmentRole,
        warn: (String) -> Void = { _ in }
    ) async throws(SecretError) -> Secret {
        switch self {
        case .environment(let name):
            guard let value = ProcessEnvironment.value(name) else { throw .noVariable(name) }
            return Secret(value)
        case .file(let path):
            let (text, isPrivate) = try Self.contents(of: path)
            if !isPrivate {
                guard role != .production else { throw .readableByOthers(path: path) }
                warn("the secret file \"\(path)\" can be read by others")
            }
            return Secret(Self.firstLine(text))
        case .command(let words, let folder):
            return try await Self.output(of: words, in: folder)
        }
    }

    private static func contents(of path: String) throws(SecretError) -> (text: String, isPrivate: Bool) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw .unreadable(path: path, reason: String(cString: strerror(errno))) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw .unreadable(path: path, reason: "it is not a regular file")
        }
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        let count = Glibc.read(descriptor, &buffer, buffer.count)
        guard count >= 0 else { throw .unreadable(path: path, reason: String(cString: strerror(errno))) }
        return (String(decoding: buffer.prefix(count), as: UTF8.self), status.st_mode & 0o077 == 0)
    }

    private static func output(of words: [String], in folder: String) async throws(SecretError) -> Secret {
        guard let program = words.first.flatMap({ find($0, in: folder) }) else {
            throw .commandFailed(program: words.first ?? "", reason: "there is no such program")
        }
        let result: CommandResult
        do {
            let command = Command(program, Array(words.dropFirst()), folder: folder, timeLimit: .seconds(30))
            result = try await command.run(limit: 64 << 10)
        } catch {
            throw .commandFailed(program: words[0], reason: "\(error)")
        }
        // What it said may quote what it was asked for: its status is enough.
        guard result.status == 0 else {
            throw .commandFailed(program: words[0], reason: "it ended with status \(result.status)")
        }
        return Secret(firstLine(result.outputText))
    }

    private static func find(_ program: String, in folder: String) -> String? {
        if program.hasPrefix("/") { return program }
        if program.contains("/") { return "\(folder)/\(program)" }
        let folders = (ProcessEnvironment.value("PATH") ?? "").split(separator: ":")
        return folders.map { "\($0)/\(program)" }.first { access($0, X_OK) == 0 }
    }

    private static func firstLine(_ text: String) -> String {
        String(text.prefix { $0 != "\n" && $0 != "\r\n" })
    }
}
