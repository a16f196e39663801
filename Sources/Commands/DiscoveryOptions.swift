internal import ArgumentParser
internal import Effects
internal import FleetModel
internal import Glibc

/// Flags of commands that look for servers.
struct DiscoveryOptions: ParsableArguments {
    @Option(
        help: .init(
            "Look behind a hop: ssh:DESTINATION, docker:CONTAINER or kubectl:[NAMESPACE/]POD; repeated, the outermost first.",
            valueName: "hop"
        )
    )
    var via: [String] = []

    @Option(
        help: .init("OpenSSH's configuration for ssh hops; else its own.", valueName: "file"),
        completion: .file()
    )
    var sshConfig: String?

    @Option(
        help: .init("Look only for sockets in this folder; may be repeated.", valueName: "dir"),
        completion: .directory
    )
    var socketDir: [String] = []

    @Option(
        help: .init(
            "Who to log in as; may be repeated, tried in order (default: postgres, then you).",
            valueName: "name"
        )
    )
    var user: [String] = []

    @Option(
        help: .init(
            "Variable that holds a password; it is told to servers of root, postgres, your own and in containers alone.",
            valueName: "name"
        )
    )
    var passwordEnv: String?

    @OptionGroup var work: WorkOptions

    func validate() throws {
        _ = try hops()
        if let folder = socketDir.first(where: { !$0.hasPrefix("/") || $0.contains("\n") }) {
            throw ValidationError("--socket-dir takes an absolute path, not \"\(folder)\"")
        }
        if let sshConfig, !sshConfig.hasPrefix("/") {
            throw ValidationError("--ssh-config takes an absolute path, not \"\(sshConfig)\"")
        }
        if let passwordEnv, ProcessEnvironment.value(passwordEnv) == nil {
            throw ValidationError("--password-env: the environment variable \"\(passwordEnv)\" is not set")
        }
        ProcessEnvironment.withhold([passwordEnv].compactMap(\.self))
    }

    func hops() throws -> [Hop] {
        try via.map { text in
            let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            switch parts.first {
            case "ssh" where parts.count == 2 && Self.isDestination(parts[1]):
                return .ssh(SSHHop(destination: parts[1], config: sshConfig))
            case "docker" where parts.count == 2 && Self.isContainer(parts[1]):
                return .docker(container: parts[1])
            case "kubectl" where parts.count == 2:
                let names = parts[1].split(separator: "/", omittingEmptySubsequences: false).map(String.init)
                guard names.count <= 2, names.allSatisfy(Self.isContainer) else { fallthrough }
                return .kubectl(KubectlHop(pod: names[names.count - 1], namespace: names.count == 2 ? names[0] : nil))
            default:
                throw ValidationError(
                    "--via takes ssh:DESTINATION, docker:CONTAINER or kubectl:[NAMESPACE/]POD, not \"\(text)\""
                )
            }
        }
    }

    /// As in a manifest: nothing that ssh could take for an option.
    private static func isDestination(_ text: String) -> Bool {
        let address = text.hasPrefix("ssh://") ? String(text.dropFirst(6)) : text
        // A colon before the host is a password.
        return SSHHop(destination: text).hasPlainDestination
            && !address.split(separator: "@").dropLast().contains { $0.contains(":") }
    }

    private static func isContainer(_ text: String) -> Bool {
        text.utf8.allSatisfy { "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-".utf8.contains($0) }
            && text.first.map { $0.isLetter || $0.isNumber } == true
    }

    /// Those named; else `postgres`, then whoever we are.
    var users: [String] {
        guard user.isEmpty else { return user }
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 16 << 10)
        guard getpwuid_r(geteuid(), &entry, &buffer, buffer.count, &found) == 0, found != nil,
            let name = entry.pw_name.map({ String(cString: $0) }), name != "postgres"
        else { return ["postgres"] }
        return ["postgres", name]
    }
}
