internal import FleetModel

/// A log of SARIF 2.1.0 with one run, as forges read it to mark the lines of a change.
struct SarifLog {
    /// More results than these no forge shows, and some refuse.
    static let mostResults = 5000

    struct Rule {
        var id: String
        /// One sentence, in Markdown.
        var meaning: String
        /// What to do, in Markdown; nil where the result says it.
        var remedy: String?
        var level: Severity
        /// The page of the handbook and the place on it.
        var page: String
    }

    struct Result {
        var rule: String
        var level: Severity
        var message: String
        var location: FilePosition
        /// What is found, by the names of all it concerns.
        var places: [String] = []
        /// What makes it the same result in the next run, wherever its line has moved.
        var identity: [String]
        var properties: [JSONValue.Member] = []
    }

    let toolVersion: String
    /// The folder of the manifests within the repository: empty, or ending in a slash.
    let prefix: String
    /// Where the handbook's pages are; nil where nobody said.
    let handbook: String?
    var automation: String
    var rules: [Rule]
    var results: [Result]
    var properties: [JSONValue.Member] = []

    var document: JSONValue {
        // The gravest first, so that what no forge would show is left out last.
        let sorted = Severity.allCases.flatMap { level in results.filter { $0.level == level } }
        let left = max(0, sorted.count - Self.mostResults)
        var invocation: [JSONValue.Member] = [.init("executionSuccessful", true)]
        if left > 0 {
            let text = "\(left) results were left out; all of them are in the JSON form."
            invocation.append(
                .init("toolExecutionNotifications", [["level": "warning", "message": ["text": .string(text)]]])
            )
        }
        var run: [JSONValue.Member] = [
            .init("tool", ["driver": driver]),
            .init("automationDetails", ["id": .string("reconcile/\(automation)/")]),
            .init("columnKind", "unicodeCodePoints"),
            .init("invocations", [.object(invocation)]),
            .init("results", .array(sorted.prefix(Self.mostResults).map(json))),
        ]
        if !properties.isEmpty { run.append(.init("properties", .object(properties))) }
        return [
            "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
            "version": "2.1.0", "runs": [.object(run)],
        ]
    }

    private var driver: JSONValue {
        ["name": "reconcile", "version": .string(toolVersion), "rules": .array(rules.map(json))]
    }

    private func json(_ rule: Rule) -> JSONValue {
        let help = [rule.meaning, rule.remedy].compactMap(\.self).joined(separator: "\n\n")
        var members: [JSONValue.Member] = [
            .init("id", .string(rule.id)), .init("name", .string(rule.id)),
            .init("shortDescription", ["text": .string(Self.text(rule.meaning))]),
            .init("fullDescription", ["text": .string(Self.text(rule.meaning))]),
            .init("help", ["text": .string(Self.text(help)), "markdown": .string(help)]),
            .init("defaultConfiguration", ["level": .string(Self.level(rule.level))]),
        ]
        if let handbook { members.append(.init("helpUri", .string("\(handbook)/\(rule.page)"))) }
        return .object(members)
    }

    private func json(_ result: Result) -> JSONValue {
        let hash = Fingerprint(of: JSONValue(result.identity).canonical).hex
        var location: [JSONValue.Member] = [
            .init(
                "physicalLocation",
                [
                    "artifactLocation": [
                        "uri": .string(Self.uri(prefix + result.location.file)), "uriBaseId": "%SRCROOT%",
                    ],
                    "region": [
                        "startLine": JSONValue(max(1, result.location.line)),
                        "startColumn": JSONValue(max(1, result.location.column)),
                    ],
                ]
            )
        ]
        var seen: Set<String> = []
        let places = result.places.map(Printable.clean).filter { seen.insert($0).inserted }
        if !places.isEmpty {
            location.append(
                .init(
                    "logicalLocations",
                    .array(
                        places.map { ["fullyQualifiedName": .string($0), "kind": "resource"] }
                    )
                )
            )
        }
        var members: [JSONValue.Member] = [
            .init("ruleId", .string(result.rule)),
            .init("level", .string(Self.level(result.level))),
            .init("message", ["text": .string(Self.text(result.message))]),
            .init("locations", [.object(location)]),
            // The first is what GitHub looks at.
            .init(
                "partialFingerprints",
                ["primaryLocationLineHash": .string("\(hash.prefix(16)):1"), "reconcile/v1": .string(hash)]
            ),
        ]
        if let index = rules.firstIndex(where: { $0.id == result.rule }) {
            members.append(.init("ruleIndex", JSONValue(index)))
        }
        if !result.properties.isEmpty { members.append(.init("properties", .object(result.properties))) }
        return .object(members)
    }

    private static func level(_ severity: Severity) -> String {
        switch severity {
        case .error: "error"
        case .warning: "warning"
        case .info: "note"
        }
    }

    /// A message of SARIF: brackets would be links, braces places for arguments.
    private static func text(_ text: String) -> String {
        var result = ""
        for scalar in Printable.clean(text).unicodeScalars {
            switch scalar {
            case "\\", "[", "]": result += "\\\(scalar)"
            case "{", "}": result += "\(scalar)\(scalar)"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// A path as a relative URI: what RFC 3986 does not leave unreserved is percent-encoded.
    private static func uri(_ path: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var result: [UInt8] = []
        for byte in path.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                result.append(byte)
            case _ where "-._~/".utf8.contains(byte): result.append(byte)
            default: result += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
