internal import Effects
internal import Testing

/// Answers kept in files: `RECORD=1` rewrites them and fails the run.
package enum Recorded {
    package static func compare(_ found: String, with path: String, _ what: String = "") throws {
        let expected = Files.text(path)
        guard found != expected else { return }
        if ProcessEnvironment.value("RECORD") != nil {
            try Files.write(found, to: path)
            Issue.record("recorded \(path): look at the difference")
        } else {
            Issue.record("\(path): \(Difference.between(expected ?? "", found))\n\(what)")
        }
    }
}
