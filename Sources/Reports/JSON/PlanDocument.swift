package import FleetModel

/// A plan as the one JSON document that is printed, saved and applied.
package struct PlanDocument: Sendable {
    /// With `digest` and `content_digest`.
    package let json: JSONValue
    /// Equal for two plans that would do the same.
    package let contentDigest: String

    /// What differs between two runs over the same fleet, or changes nothing of what would be done: a line that moved.
    private static let passing: Set<String> = [
        "digest", "content_digest", "created_at", "size_bytes", "last_change", "location",
    ]

    package init(_ plan: Plan) {
        self.init(plan, environments: plan.environments.map(\.json))
    }

    /// What `inventory` prints: the same document without what is to be done.
    package init(inventory plan: Plan) {
        self.init(plan, environments: plan.environments.map(\.inventoryJSON))
    }

    /// What stands besides is none of what would be done.
    init(_ plan: Plan, environments: [JSONValue], besides: [JSONValue.Member] = []) {
        var members: [JSONValue.Member] = [
            .init("format_version", .string(Plan.formatVersion)),
            .init("tool_version", .string(plan.toolVersion)),
            .init("created_at", .string(Timestamp(seconds: plan.createdAt).description)),
            .init("git_commit", JSONValue(plan.gitCommit)),
            .init("environments", .array(environments)),
        ]
        // Keys below `migration_digests` are tags, which may be called anything.
        let content = JSONValue.object(members).removing(Self.passing, sparing: ["migration_digests"])
        contentDigest = Fingerprint(of: content.canonical).hex
        members.append(.init("content_digest", .string(contentDigest)))
        members += besides
        members.append(.init("digest", .string(Fingerprint(of: JSONValue.object(members).canonical).hex)))
        json = .object(members)
    }

    /// The file, byte for byte; nothing may follow it.
    package var bytes: [UInt8] { json.canonical }
}

/// Why a file is not a plan that may be applied.
package enum PlanDocumentError: Error, Sendable, Hashable, CustomStringConvertible {
    case notJSON(JSONError)
    case unsupportedVersion(String)
    /// A key is missing or holds something else than it should.
    case malformed(path: String)
    case wrongDigest
    case notCanonical

    package var description: String {
        switch self {
        case .notJSON(let error): "the file is not a plan: \(error)"
        case .unsupportedVersion(let version):
            "the plan has format version \(version); this program reads \(Plan.formatVersion)"
        case .malformed(let path): "the file is not a plan: \(path) is missing or not what it should be"
        case .wrongDigest: "the plan was altered after it was made: its digest does not match"
        case .notCanonical: "the plan was altered after it was made: it is not in the form it was written in"
        }
    }
}

extension Plan {
    /// Reads what `PlanDocument.bytes` gave; any other byte is an error.
    package init(reading bytes: [UInt8]) throws(PlanDocumentError) {
        let json: JSONValue
        do {
            json = try JSONValue(parsing: bytes)
        } catch {
            throw .notJSON(error)
        }
        guard case .string(let version)? = json["format_version"] else { throw .malformed(path: "format_version") }
        guard version == Plan.formatVersion else { throw .unsupportedVersion(version) }
        guard case .string(let digest)? = json["digest"], case .object(let members) = json else {
            throw .malformed(path: "digest")
        }
        let rest = JSONValue.object(members.filter { $0.key != "digest" })
        guard Fingerprint(of: rest.canonical).hex == digest else { throw .wrongDigest }
        guard json.canonical == bytes else { throw .notCanonical }
        self = try Plan(JSONReader(json))
        // What this program would not write itself it does not understand, though the digest be right.
        guard PlanDocument(self).bytes == bytes else { throw .notCanonical }
    }
}
