internal import FleetModel

/// Test results in the XML that JUnit made common, as pipelines read them.
struct JUnitReport {
    struct Suite {
        var name: String
        /// RFC 3339; nil where there is none.
        var time: String?
        var cases: [Case]
    }

    struct Case {
        enum Outcome: Equatable {
            case passed
            /// It is not what it should be.
            case failure(String)
            /// Nobody could look.
            case error(String)
            case skipped(String)
        }

        var place: String
        var name: String
        var outcome: Outcome = .passed
        var location: FilePosition?
        /// What is worth knowing and fails nothing.
        var notes: [String] = []
    }

    var suites: [Suite]

    var text: String {
        let all = suites.flatMap(\.cases)
        var lines = [#"<?xml version="1.0" encoding="UTF-8"?>"#]
        lines.append(
            Self.tag(
                "testsuites",
                [("name", "reconcile"), ("tests", "\(all.count)")] + Self.counts(all).filter { $0.0 != "skipped" }
            )
        )
        for suite in suites {
            var attributes = [("name", suite.name), ("tests", "\(suite.cases.count)")] + Self.counts(suite.cases)
            // Without its zone, as readers of this form know times.
            if let time = suite.time { attributes.append(("timestamp", String(time.prefix(19)))) }
            lines.append("  " + Self.tag("testsuite", attributes))
            for item in suite.cases { lines += Self.lines(of: item) }
            lines.append("  </testsuite>")
        }
        return (lines + ["</testsuites>", ""]).joined(separator: "\n")
    }

    private static func counts(_ cases: [Case]) -> [(String, String)] {
        var failures = 0
        var errors = 0
        var skipped = 0
        for item in cases {
            switch item.outcome {
            case .passed: break
            case .failure: failures += 1
            case .error: errors += 1
            case .skipped: skipped += 1
            }
        }
        return [("failures", "\(failures)"), ("errors", "\(errors)"), ("skipped", "\(skipped)")]
    }

    private static func lines(of item: Case) -> [String] {
        var attributes = [("classname", item.place), ("name", item.name)]
        if let location = item.location { attributes += [("file", location.file), ("line", "\(location.line)")] }
        var inside: [String] = []
        switch item.outcome {
        case .passed: break
        case .failure(let message): inside.append(element("failure", message, at: item.location))
        case .error(let message): inside.append(element("error", message, at: item.location))
        case .skipped(let message): inside.append(tag("skipped", [("message", message)], isEmpty: true))
        }
        if !item.notes.isEmpty {
            inside.append("<system-out>\(item.notes.map(escaped).joined(separator: "\n"))</system-out>")
        }
        guard !inside.isEmpty else { return ["    " + tag("testcase", attributes, isEmpty: true)] }
        return ["    " + tag("testcase", attributes)] + inside.map { "      " + $0 } + ["    </testcase>"]
    }

    private static func element(_ name: String, _ message: String, at location: FilePosition?) -> String {
        let place = location.map { "\($0.file):\($0.line):\($0.column)" } ?? ""
        return tag(name, [("message", message)]) + escaped(place) + "</\(name)>"
    }

    private static func tag(_ name: String, _ attributes: [(String, String)], isEmpty: Bool = false) -> String {
        let written = attributes.map { " \($0.0)=\"\(escaped($0.1))\"" }.joined()
        return "<\(name)\(written)\(isEmpty ? "/" : "")>"
    }

    /// Text that XML 1.0 can hold: controls are shown, not sent, and its five marks are entities.
    private static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in Printable.clean(text).unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&apos;"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
