package import FleetModel

/// Faults of manifests and migration folders as a list.
package struct DiagnosticsMarkdown: Sendable {
    private let diagnostics: [Diagnostic]

    package init(_ diagnostics: [Diagnostic]) {
        self.diagnostics = diagnostics
    }

    package func rendered(limit: Int = MarkdownPage.limit) -> String {
        var page = MarkdownPage(whole: "All of it: `validate`.")
        let counts = DiagnosticsText(diagnostics, style: .plain).summary ?? "no faults"
        page.add(
            "## \(diagnostics.contains { $0.severity == .error } ? "✗" : "!") The manifests are invalid: \(counts)"
        )
        for (index, diagnostic) in diagnostics.enumerated() {
            var line = "- \(diagnostic.severity.symbol) `\(diagnostic.code.rawValue)` "
            if let range = diagnostic.range {
                line += MarkdownText.code("\(clipped(range.file)):\(range.start.line):\(range.start.column)") + ": "
            }
            line += MarkdownText.prose(clipped(diagnostic.message))
            if let hint = diagnostic.hint { line += " → \(MarkdownText.prose(clipped(hint)))" }
            page.add(
                .findings,
                MarkdownPage.Form(line),
                MarkdownPage.Form("", leaving: [.diagnostics: 1]),
                attached: index > 0
            )
        }
        return page.rendered(limit: limit)
    }
}
