import FleetModel

extension Declarations {
    /// What only shows when all manifests are held against each other.
    func crossChecked() -> [Diagnostic] {
        duplicates(of: "class", in: classNames) + duplicates(of: "environment", in: environmentNames)
            + danglingClasses() + Claims(environments).conflicts()
    }

    private func duplicates(of kind: String, in names: [Located<String>]) -> [Diagnostic] {
        var first: [String: SourceRange] = [:]
        var diagnostics: [Diagnostic] = []
        for name in names {
            if let range = first[name.value] {
                let message = "there are two manifests of \(kind) \(quoted(name.value))"
                let hint = "the other is at \(range.file):\(range.start.line)"
                diagnostics.append(Diagnostic(.error, .duplicateName, message, at: name.range, hint: hint))
            } else {
                first[name.value] = name.range
            }
        }
        return diagnostics
    }

    private func danglingClasses() -> [Diagnostic] {
        guard isComplete else { return [] }
        let names = classNames.map(\.value)
        let known = Set(names)
        return classReferences.compactMap { reference in
            if known.contains(reference.value) { return nil }
            return Diagnostic(
                .error,
                .danglingReference,
                "no manifest declares class \(quoted(reference.value))",
                at: reference.range,
                hint: suggestion(reference.value, among: names)
            )
        }
    }
}

/// Finds names that two claims fight over, as far as the manifests show.
///
/// Two addresses may lead to one server without looking alike; that is found by the server's identity when planning.
struct Claims {
    /// A name or pattern, and who claims it.
    private struct Claim {
        var name: String
        var environment: String
        var instance: String
        var range: SourceRange

        var place: (String, SourcePosition, String) { (range.file, range.start, name) }
    }

    /// By address, then by the name with case folded; Swift's strings are equal however their accents are composed.
    private var names: [ServerAddress: [String: [Claim]]] = [:]
    private var patterns: [ServerAddress: [(claim: Claim, glob: Glob)]] = [:]
    private var diagnostics: [Diagnostic] = []
    /// More than anyone reads: a pattern may fight with each name there is, and there may be thousands of both.
    private static let mostConflicts = 200
    private var isFull: Bool { diagnostics.count >= Self.mostConflicts }
    private let environments: [Environment]

    init(_ environments: [Environment]) {
        self.environments = environments
    }

    func conflicts() -> [Diagnostic] {
        var claims = self
        for environment in environments { claims.add(environment) }
        claims.matchPatterns()
        guard claims.isFull else { return claims.diagnostics }
        let message =
            "more than \(Self.mostConflicts - 1) conflicts between what environments claim; the rest is not shown"
        let last = Diagnostic(.error, .limitExceeded, message, at: claims.diagnostics.last?.range)
        return claims.diagnostics.dropLast() + [last]
    }

    private mutating func add(_ environment: Environment) {
        var addresses: [ServerAddress: Located<String>] = [:]
        for instance in environment.instances {
            let address = ServerAddress(of: instance)
            if let other = addresses[address] {
                let message = "instances \(quoted(other.value)) and \(quoted(instance.name.value)) are the same server"
                diagnostics.append(Diagnostic(.error, .claimedTwice, message, at: instance.name.range))
            } else {
                addresses[address] = instance.name
            }
        }
        for entry in environment.entries {
            guard let instance = environment.instance(named: entry.instance.value) else { continue }
            let address = ServerAddress(of: instance)
            func claim(_ name: String) -> Claim {
                Claim(
                    name: name,
                    environment: environment.name.value,
                    instance: instance.name.value,
                    range: entry.selector.range
                )
            }
            switch entry.selector.value {
            case .names(let entryNames): for name in entryNames { add(claim(name), at: address) }
            case .match(let pattern):
                if let glob = Glob(pattern) { patterns[address, default: []].append((claim(pattern), glob)) }
            // What it answers is known only to the server.
            case .query: break
            }
        }
    }

    private mutating func add(_ claim: Claim, at address: ServerAddress) {
        // Names that differ in case or in how an accent is composed are different to PostgreSQL and alike to people,
        // to file systems and, the latter, to Swift's own `==`.
        let folded = claim.name.lowercased()
        for other in names[address]?[folded] ?? [] {
            let isSame = other.name.utf8.elementsEqual(claim.name.utf8)
            if other.environment != claim.environment {
                guard isSame else { continue }
                reportTwice(claim, other)
            } else if isSame {
                report(.duplicateName, "database \(quoted(claim.name)) is named twice", claim, other)
            } else {
                let both = "\(quoted(other.name)) and \(quoted(claim.name))"
                report(.duplicateName, "databases \(both) are too much alike", claim, other)
            }
            return
        }
        names[address, default: [:]][folded, default: []].append(claim)
    }

    private mutating func matchPatterns() {
        // In an order of their own, as not all may be shown.
        let ordered = patterns.sorted { $0.value[0].claim.place < $1.value[0].claim.place }
        for (address, found) in ordered {
            let names = self.names[address, default: [:]].values.joined().sorted { $0.place < $1.place }
            for (index, (claim, glob)) in found.enumerated() {
                guard !isFull else { return }
                for other in names where other.environment != claim.environment && glob.matches(other.name) {
                    reportTwice(other, claim)
                }
                for (earlier, _) in found[..<index]
                where earlier.environment != claim.environment && earlier.name == claim.name {
                    reportTwice(claim, earlier)
                }
            }
        }
    }

    private mutating func reportTwice(_ claim: Claim, _ other: Claim) {
        let both = "\(quoted(other.environment)) and \(quoted(claim.environment))"
        report(
            .claimedTwice,
            "database \(quoted(claim.name)) is claimed by environments \(both) on the same server",
            claim,
            other
        )
    }

    private mutating func report(_ code: DiagnosticCode, _ message: String, _ claim: Claim, _ other: Claim) {
        guard !isFull else { return }
        let hint = "the other is at \(other.range.file):\(other.range.start.line)"
        diagnostics.append(Diagnostic(.error, code, message, at: claim.range, hint: hint))
    }
}
