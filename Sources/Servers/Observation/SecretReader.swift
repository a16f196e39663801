internal import Effects
package import FleetModel
internal import Glibc
package import Postgres
internal import SystemPackage

/// A secret could not be had. Says where it was looked for, never what was found.
package struct SecretError: Error, Sendable, CustomStringConvertible {
    package var description: String

    init(_ description: String) {
        self.description = description
    }
}

/// Reads secrets from where manifests say they are.
package enum SecretReader {
    /// - Parameter role: a file that others can read is refused in production and warned of elsewhere.
    /// - Returns: the secret, and a warning where there is something to warn of.
    package static func read(
        _ source: SecretSource, role: EnvironmentRole
    ) async throws(SecretError) -> (secret: Secret, warning: String?) {
        switch source {
        case .environment(let name):
            guard let value = ProcessEnvironment.value(name), !value.isEmpty else {
                throw SecretError("the environment variable \(name) is not set")
            }
            return (Secret(value), nil)
        case .file(let path):
            return try file(path, role)
        case .command(let words, let folder):
            return (try await command(words, folder), nil)
        }
    }

    private static func file(
        _ path: String, _ role: EnvironmentRole
    ) throws(SecretError) -> (Secret, String?) {
        guard let descriptor = try? FileDescriptor.open(FilePath(path), .readOnly, options: [.closeOnExec]) else {
            throw SecretError("the password file \(path) cannot be read")
        }
        defer { try? descriptor.close() }
        var status = stat()
        guard fstat(descriptor.rawValue, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw SecretError("the password file \(path) is not a plain file")
        }
        var warning: String?
        if status.st_mode & 0o077 != 0 {
            let message = "the password file \(path) can be read by others: chmod 600 it"
            if role == .production { throw SecretError(message) }
            warning = message
        }
        var bytes = [UInt8](repeating: 0, count: 64 << 10)
        let count = (try? bytes.withUnsafeMutableBytes { try descriptor.read(into: $0) }) ?? 0
        return (try firstLine(bytes.prefix(count), of: "the password file \(path)"), warning)
    }

    /// Without a shell, in the manifest's folder, for at most ten seconds; what it prints is never shown.
    private static func command(_ words: [String], _ folder: String) async throws(SecretError) -> Secret {
        guard let name = words.first, let program = path(of: name, folder) else {
            throw SecretError("the password command \"\(words.first ?? "")\" is not found")
        }
        let command = Command(program, Array(words.dropFirst()), folder: folder, timeLimit: .seconds(10))
        let result: CommandResult
        do {
            result = try await command.run(limit: 64 << 10)
        } catch let error as CommandError {
            throw SecretError("the password command \"\(name)\": \(error)")
        } catch {
            throw SecretError("the password command \"\(name)\" was interrupted")
        }
        guard result.status == 0 else {
            throw SecretError("the password command \"\(name)\" ended with status \(result.status)")
        }
        return try firstLine(result.output[...], of: "the password command \"\(name)\"")
    }

    private static func firstLine(_ bytes: ArraySlice<UInt8>, of what: String) throws(SecretError) -> Secret {
        let line = bytes.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
        guard !line.isEmpty, let text = String(validating: line, as: UTF8.self), !text.utf8.contains(0) else {
            throw SecretError("\(what) gives no password")
        }
        return Secret(text)
    }

    private static func path(of program: String, _ folder: String) -> String? {
        if program.hasPrefix("/") { return program }
        if program.contains("/") { return "\(folder)/\(program)" }
        return (ProcessEnvironment.value("PATH") ?? "").split(separator: ":").map { "\($0)/\(program)" }
            .first { access($0, X_OK) == 0 }
    }
}
