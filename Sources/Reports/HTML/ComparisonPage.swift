internal import FleetModel

/// A comparison as one page for a browser, in the manner of `FleetPage`.
package struct ComparisonPage: Sendable {
    private let table: ComparisonTable
    private let toolVersion: String
    /// Whether something could not be reached or had.
    private let isIncomplete: Bool

    package init(_ table: ComparisonTable, isIncomplete: Bool, toolVersion: String) {
        self.table = table
        self.isIncomplete = isIncomplete
        self.toolVersion = toolVersion
    }

    package var bytes: [UInt8] {
        PageFrame(
            kind: "compare",
            title: "\(verdict.symbol) \(verdict.words) – reconcile compare",
            toolVersion: toolVersion,
            contents: contents,
            report: report
        ).bytes
    }

    private var verdict: (symbol: String, words: String, tone: Tone) {
        let count = table.oddities
        if isIncomplete { return ("?", "Not everything could be compared", .error) }
        if count > 0 { return ("≠", counted(count, "component differs", "components differ"), .warning) }
        return ("✓", "Nothing differs of what was compared", .good)
    }

    @HTMLBuilder private var contents: HTML {
        Tag.li { Tag.a(.href(.main)) { "Verdict" } }
        Tag.li { Tag.a(.href(.comparison)) { "Comparison" } }
        for name in table.classNames { Tag.li { Tag.a(.href(.compared(name))) { HTML.name(name) } } }
    }

    @HTMLBuilder private var report: HTML {
        Tag.section(.class("overview", verdict.tone.rawValue), .labelled(by: .heading(of: .main))) {
            Tag.h1(.id(.heading(of: .main))) {
                Tag.span(.class("symbol", verdict.tone.rawValue), .decorative) { verdict.symbol }
                " \(verdict.words)"
                Tag.span(.class("of")) {
                    " Comparison of "
                    HTML.names(table.columns)
                }
            }
        }
        table.html
    }
}
