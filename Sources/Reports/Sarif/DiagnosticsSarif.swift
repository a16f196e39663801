package import FleetModel

/// Faults of manifests and migration folders in SARIF.
package struct DiagnosticsSarif: Sendable {
    private let diagnostics: [Diagnostic]
    private let toolVersion: String
    private let place: RepositoryPlace

    package init(_ diagnostics: [Diagnostic], toolVersion: String, in place: RepositoryPlace) {
        self.diagnostics = diagnostics
        self.toolVersion = toolVersion
        self.place = place
    }

    package var document: JSONValue {
        SarifLog(
            toolVersion: toolVersion,
            prefix: place.prefix,
            handbook: place.handbook,
            automation: "manifests",
            rules: DiagnosticCode.allCases.map { code in
                SarifLog.Rule(
                    id: code.rawValue,
                    meaning: code.meaning,
                    remedy: nil,
                    level: .error,
                    page: "diagnostics.md#\(code.rawValue)"
                )
            },
            results: diagnostics.map { diagnostic in
                SarifLog.Result(
                    rule: diagnostic.code.rawValue,
                    level: diagnostic.severity,
                    message: diagnostic.message + (diagnostic.hint.map { " → \($0)" } ?? ""),
                    location: diagnostic.range.map { FilePosition($0) } ?? FilePosition(file: "environments"),
                    identity: [diagnostic.code.rawValue, diagnostic.range?.file ?? "", diagnostic.message]
                )
            }
        ).document
    }
}
