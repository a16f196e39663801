import FleetModel

extension ManifestDecoder {
    /// libpq's keywords and values, secrets refused.
    mutating func connection(_ pair: YAMLPair) -> [ConnectionParameter]? {
        guard let pairs = mapping(pair.value, "\"connection\"", at: pair.key.range) else { return nil }
        let before = diagnostics.count
        var parameters: [ConnectionParameter] = []
        for pair in pairs {
            guard isKeyword(pair), let value = value(of: pair) else { continue }
            parameters.append(ConnectionParameter(keyword: pair.key.value, value: value, range: pair.value.range))
        }
        return diagnostics.count == before ? parameters : nil
    }

    private mutating func isKeyword(_ pair: YAMLPair) -> Bool {
        let keyword = pair.key.value
        if ConnectionKeyword.all.contains(keyword) { return true }
        if Secrets.mayName(keyword) {
            if case .mapping = pair.value.content {
                fault(
                    .unknownKey,
                    "\(quoted(keyword)) may not stand in \"connection\"",
                    at: pair.key.range,
                    hint: "write \"password\" beside \"connection\", not in it"
                )
            } else {
                literalSecret("\(quoted(keyword)) may not be written in a manifest", at: pair.value.range)
            }
            return false
        }
        let near = ConnectionKeyword.otherNames[keyword] ?? nearest(to: keyword, among: ConnectionKeyword.all)
        fault(
            .unknownKey,
            "unknown key \(quoted(keyword)) in \"connection\"",
            at: pair.key.range,
            hint: near.map { "did you mean \(quoted($0))?" } ?? "it takes the keywords of libpq"
        )
        return false
    }

    private mutating func value(of pair: YAMLPair) -> String? {
        let keyword = pair.key.value
        guard let value = keyword == "dbname" ? name(pair.value, keyword) : text(pair.value, keyword) else {
            return nil
        }
        // libpq would read a `dbname` with `=` or `://` in it as a whole connection string.
        if Secrets.hasAssignment(value.value) {
            literalSecret(
                "\(quoted(keyword)) holds a password, which may not be written in a manifest",
                at: value.range
            )
            return nil
        }
        if let choices = ConnectionKeyword.choices[keyword], !choices.contains(value.value) {
            wrongValue(value, keyword, allowed: choices)
            return nil
        }
        if ConnectionKeyword.wholeNumbers.contains(keyword) {
            return integer(pair.value, keyword, in: 0...Int(Int32.max)).map(String.init)
        }
        if keyword == "port", !isPortList(value.value) {
            fault(.wrongValue, "\"port\" must be a number from 1 to 65535", at: value.range)
            return nil
        }
        return value.value
    }

    /// libpq takes a list separated by commas, one port for each host, an empty one being the default.
    private func isPortList(_ text: String) -> Bool {
        text.split(separator: ",", omittingEmptySubsequences: false).allSatisfy { port in
            port.isEmpty || (port.utf8.allSatisfy(\.isDigit) && Int(port).map { (1...65_535).contains($0) } ?? false)
        }
    }

    // MARK: Hops

    /// The way to a server; nil where any hop of it has a fault.
    ///
    /// Whether it can be gone is asked when connecting.
    mutating func hops(_ node: YAMLNode) -> [Hop]? {
        guard let items = list(node, "via") else { return nil }
        let hops = items.compactMap { hop($0) }
        return hops.count == items.count ? hops : nil
    }

    private mutating func hop(_ node: YAMLNode) -> Hop? {
        guard let fields = fields(of: node, "the hop", allowed: ["ssh", "docker", "kubectl"]) else { return nil }
        guard fields.pairs.count == 1, let pair = fields.pairs.first else {
            fault(.wrongValue, "a hop must have one of ssh, docker and kubectl", at: fields.range)
            return nil
        }
        switch pair.key.value {
        case "ssh": return sshHop(pair).map(Hop.ssh)
        case "docker": return container(pair.value).map { Hop.docker(container: $0) }
        case "kubectl": return kubectlHop(pair).map(Hop.kubectl)
        default: return nil
        }
    }

    private mutating func sshHop(_ pair: YAMLPair) -> SSHHop? {
        if case .scalar = pair.value.content {
            return destination(pair.value, "ssh").map { SSHHop(destination: $0) }
        }
        let allowed = ["destination", "config", "identity", "port"]
        guard let fields = fields(of: pair.value, "\"ssh\"", at: pair.key.range, allowed: allowed) else { return nil }
        let before = diagnostics.count
        let destination = required("destination", in: fields).flatMap { self.destination($0, "destination") }
        let config = fields["config"].flatMap { path($0, "config")?.value }
        let identity = fields["identity"].flatMap { path($0, "identity")?.value }
        let port = fields["port"].flatMap { integer($0, "port", in: 1...65_535) }
        guard let destination, diagnostics.count == before else { return nil }
        return SSHHop(destination: destination, config: config, identity: identity, port: port)
    }

    /// `host`, `user@host` or `ssh://user@host:port`, of which no part can be taken for an option of ssh.
    private mutating func destination(_ node: YAMLNode, _ title: String) -> String? {
        guard let written = text(node, title) else { return nil }
        let text = written.value
        let address = text.hasPrefix("ssh://") ? text.dropFirst("ssh://".count) : text[...]
        let at = address.lastIndex(of: "@")
        if let at, address[..<at].contains(":") {
            literalSecret(
                "\(quoted(title)) holds a password, which may not be written in a manifest",
                at: written.range
            )
            return nil
        }
        let host = at.map { address[address.index(after: $0)...] } ?? address
        if address.hasPrefix("-") || host.hasPrefix("-") {
            fault(
                .wrongValue,
                "\(quoted(title)) begins with \"-\": ssh would take \(quoted(text)) for an option",
                at: written.range
            )
            return nil
        }
        guard SSHHop(destination: text).hasPlainDestination else {
            fault(.wrongValue, "\(quoted(text)) is not a destination of ssh", at: written.range)
            return nil
        }
        return text
    }

    private mutating func container(_ node: YAMLNode) -> String? {
        guard let written = text(node, "docker") else { return nil }
        let bytes = Array(written.value.utf8)
        let isName = bytes.allSatisfy { byte in
            byte.isDigit || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || "_.-".utf8.contains(byte)
        }
        guard isName, let first = bytes.first, !"_.-".utf8.contains(first) else {
            fault(
                .wrongValue,
                "\(quoted(written.value)) is not the name of a container",
                at: written.range,
                hint: "it begins with a letter or digit and holds only letters, digits, \"_\", \".\" and \"-\""
            )
            return nil
        }
        return written.value
    }

    /// A pod's name, or a mapping that says where it is; nothing of it can be taken for an option of kubectl.
    private mutating func kubectlHop(_ pair: YAMLPair) -> KubectlHop? {
        if case .scalar = pair.value.content {
            return word(of: pair.value, "kubectl").map { KubectlHop(pod: $0) }
        }
        let allowed = ["pod", "namespace", "context", "container"]
        guard let fields = fields(of: pair.value, "\"kubectl\"", at: pair.key.range, allowed: allowed) else {
            return nil
        }
        let before = diagnostics.count
        let pod = required("pod", in: fields).flatMap { word(of: $0, "pod") }
        let namespace = fields["namespace"].flatMap { word(of: $0, "namespace") }
        let context = fields["context"].flatMap { word(of: $0, "context") }
        let container = fields["container"].flatMap { word(of: $0, "container") }
        guard let pod, diagnostics.count == before else { return nil }
        return KubectlHop(pod: pod, namespace: namespace, context: context, container: container)
    }

    private mutating func word(of node: YAMLNode, _ title: String) -> String? {
        guard let written = text(node, title) else { return nil }
        let isClean = written.value.unicodeScalars.allSatisfy { $0.value > 0x20 && !(0x7F...0xA0).contains($0.value) }
        guard isClean, !written.value.isEmpty, !written.value.hasPrefix("-") else {
            fault(.wrongValue, "\(quoted(written.value)) is not a name for kubectl", at: written.range)
            return nil
        }
        return written.value
    }
}
