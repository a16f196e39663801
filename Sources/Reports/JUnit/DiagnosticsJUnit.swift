package import FleetModel

/// Faults of manifests and migration folders as test results: a case for each.
package struct DiagnosticsJUnit: Sendable {
    private let diagnostics: [Diagnostic]

    package init(_ diagnostics: [Diagnostic]) {
        self.diagnostics = diagnostics
    }

    package var text: String {
        let cases = diagnostics.map { diagnostic in
            let location = diagnostic.range.map { FilePosition($0) }
            let text = diagnostic.message + (diagnostic.hint.map { " → \($0)" } ?? "")
            let isError = diagnostic.severity == .error
            return JUnitReport.Case(
                place: "manifests",
                name: "\(location.map { "\($0.file):\($0.line):\($0.column): " } ?? "")\(diagnostic.code.rawValue)",
                outcome: isError ? .failure(text) : .passed,
                location: location,
                notes: isError ? [] : ["\(diagnostic.severity.rawValue): \(text)"]
            )
        }
        return JUnitReport(suites: [JUnitReport.Suite(name: "manifests", time: nil, cases: cases)]).text
    }
}
