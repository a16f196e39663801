package import FleetModel

/// Diagnostics as the document that `--format json` prints.
package enum DiagnosticsJSON {
    package static func document(_ diagnostics: [Diagnostic]) -> JSONValue {
        [
            "diagnostics": .array(
                diagnostics.map { diagnostic in
                    [
                        "severity": .string(diagnostic.severity.rawValue),
                        "code": .string(diagnostic.code.rawValue),
                        "message": .string(diagnostic.message),
                        "file": JSONValue(diagnostic.range?.file),
                        "line": JSONValue(diagnostic.range?.start.line),
                        "column": JSONValue(diagnostic.range?.start.column),
                        "hint": JSONValue(diagnostic.hint),
                    ]
                }
            )
        ]
    }
}
