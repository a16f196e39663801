import FleetModel
import SystemPackage

/// Tells what may be a secret from what is not, erring towards secrets.
enum Secrets {
    /// Whether a key could be meant for a secret, mistyped ones included.
    static func mayName(_ key: String) -> Bool {
        let folded = key.lowercased().filter { $0 != "_" && $0 != "-" && $0 != "." }
        let words = ["passw", "pwd", "passphrase", "secret", "token", "credential", "privatekey"]
        if words.contains(where: folded.contains) { return true }
        return ConnectionKeyword.secrets.contains(key) || nearest(to: key, among: ConnectionKeyword.secrets) != nil
    }

    /// Whether a text holds a URI with a password: `scheme://user:password@host` or `…?password=…`.
    static func hasURIPassword(_ text: String) -> Bool {
        var rest = text.utf8[...]
        while let scheme = rest.firstRange(of: "://".utf8) {
            rest = rest[scheme.upperBound...]
            let end = rest.firstIndex { byte in
                byte <= 0x20 || "/?#\"'<>".utf8.contains(byte)
            }
            let authority = rest[..<(end ?? rest.endIndex)]
            if let at = authority.lastIndex(of: UInt8(ascii: "@")) {
                let user = authority[..<at]
                if let colon = user.firstIndex(of: UInt8(ascii: ":")), user.index(after: colon) < user.endIndex {
                    return true
                }
            }
            if hasAssignment(String(decoding: rest, as: UTF8.self)) { return true }
        }
        return false
    }

    /// Whether a text sets a secret the way a connection string does: `password=…`.
    static func hasAssignment(_ text: String) -> Bool {
        let folded = text.lowercased()
        return ConnectionKeyword.secrets.contains { keyword in
            folded.ranges(of: keyword).contains { found in
                folded[found.upperBound...].drop { $0 == " " }.first == "="
            }
        }
    }
}

extension ManifestDecoder {
    /// The tree without the scalars that hold a URI with a password, each of which is reported.
    mutating func withoutSecrets(_ node: YAMLNode) -> YAMLNode {
        var node = node
        switch node.content {
        case .unusable: break
        case .scalar(let scalar):
            guard Secrets.hasURIPassword(scalar.text) else { break }
            literalSecret("a URI with a password may not be written in a manifest", at: node.range)
            node.content = .unusable
        case .sequence(let items):
            node.content = .sequence(items.map { withoutSecrets($0) })
        case .mapping(let pairs):
            node.content = .mapping(pairs.map { YAMLPair(key: $0.key, value: withoutSecrets($0.value)) })
        }
        return node
    }

    /// Where a secret is to be read from.
    ///
    /// No message repeats any text: it may be the secret itself.
    mutating func secretSource(_ pair: YAMLPair) -> Located<SecretSource>? {
        let node = pair.value
        let title = quoted(pair.key.value)
        switch node.content {
        case .scalar where !node.isNull, .sequence:
            literalSecret("\(title) may not be written in a manifest", at: node.range)
            return nil
        case .scalar, .mapping, .unusable: break
        }
        guard let pairs = mapping(node, title, at: pair.key.range) else { return nil }
        let allowed = ["env", "file", "command"]
        var isSound = true
        for pair in pairs where !allowed.contains(pair.key.value) {
            isSound = false
            if case .scalar = pair.value.content {
                literalSecret("\(title) may not be written in a manifest", at: pair.value.range)
            } else {
                fault(
                    .unknownKey,
                    "unknown key \(quoted(pair.key.value)) in \(title)",
                    at: pair.key.range,
                    hint: "allowed: \(allowed.joined(separator: ", "))"
                )
            }
        }
        guard isSound else { return nil }
        guard pairs.count == 1, let only = pairs.first else {
            fault(.wrongValue, "\(title) must have one of env, file and command", at: pair.key.range)
            return nil
        }
        let source: SecretSource? =
            switch only.key.value {
            case "env": variable(only.value)
            case "file": path(only.value, "file").map { SecretSource.file($0.value) }
            default: command(only.value).map { SecretSource.command($0, folder: folder.string) }
            }
        return source.map { Located($0, at: node.range) }
    }

    private mutating func variable(_ node: YAMLNode) -> SecretSource? {
        guard let name = text(node, "env") else { return nil }
        let isName = name.value.utf8.allSatisfy { byte in
            byte == UInt8(ascii: "_") || byte.isDigit || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
        }
        guard isName, name.value.utf8.first?.isDigit == false else {
            literalSecret(
                "\"env\" is not the name of a variable; if it is the secret, it may not stand here",
                at: name.range
            )
            return nil
        }
        return .environment(name.value)
    }

    /// A program and its arguments, never a line for a shell.
    mutating func command(_ node: YAMLNode) -> [String]? {
        if case .scalar = node.content, !node.isNull {
            fault(
                .wrongType,
                "\"command\" must be a list",
                at: node.range,
                hint: "no shell reads it: write the program and each argument as an item"
            )
            return nil
        }
        guard let items = list(node, "command") else { return nil }
        guard !items.isEmpty else {
            fault(.wrongValue, "\"command\" is empty", at: node.range)
            return nil
        }
        var words: [String] = []
        for (index, item) in items.enumerated() {
            // An argument may be empty, the program may not.
            if index > 0, case .scalar(let scalar) = item.content, scalar.coreValue != .null {
                words.append(scalar.text)
            } else if let word = text(item, "command") {
                words.append(word.value)
            }
        }
        return words.count == items.count ? words : nil
    }
}
