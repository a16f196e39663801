internal import FleetModel

/// A page of Markdown that fits a comment: what matters least is folded first, and the page says what was.
package struct MarkdownPage: Sendable {
    /// GitHub takes 65,536 characters, GitLab more.
    package static let limit = 65_000

    /// What may be left out, with how it is called.
    enum Kind: Int, CaseIterable {
        case statements, steps, databases, components, findings, cohorts, refusals, diagnostics, environments

        func words(_ count: Int) -> String {
            switch self {
            case .statements: counted(count, "SQL statement", "SQL statements")
            case .steps: counted(count, "step", "steps")
            case .databases: counted(count, "database", "databases")
            case .components: counted(count, "component", "components")
            case .findings: counted(count, "finding", "findings")
            case .cohorts: counted(count, "cohort", "cohorts")
            case .refusals: counted(count, "refusal", "refusals")
            case .diagnostics: counted(count, "fault", "faults")
            case .environments: counted(count, "environment", "environments")
            }
        }
    }

    /// What is folded first, from the least to the most important.
    enum Rank: Int, CaseIterable { case sql, table, steps, findings, cohort, refusals, frame }

    /// One way to show a part, and how much of what it leaves out.
    struct Form {
        var text: String
        var left: [Kind: Int]

        init(_ text: String, leaving left: [Kind: Int] = [:]) {
            self.text = text
            self.left = left
        }
    }

    private struct Block {
        var rank: Rank
        /// From the longest to the shortest.
        var forms: [Form]
        var shown = 0
        /// Lines of one table or list stand together, all else is apart by an empty line.
        var isAttached: Bool
        var form: Form { forms[shown] }
        var size: Int { form.text.utf16.count + 2 }
    }

    private var blocks: [Block] = []
    /// Statements that stand on the page, with the cohort they are shown under.
    var shown: [[PlannedStatement]: String] = [:]
    private let whole: String

    /// `whole` says where all of it can be read.
    init(whole: String) {
        self.whole = whole
    }

    mutating func add(_ rank: Rank, _ forms: Form..., attached: Bool = false) {
        blocks.append(Block(rank: rank, forms: forms, isAttached: attached))
    }

    /// A part that is shown whatever happens.
    mutating func add(_ text: String, attached: Bool = false) {
        blocks.append(Block(rank: .frame, forms: [Form(text)], isAttached: attached))
    }

    /// The page in at most so many UTF-16 units, as forges count.
    func rendered(limit: Int) -> String {
        var blocks = blocks
        // What the last line may need.
        let room = limit - 600
        var size = blocks.reduce(0) { $0 + $1.size }
        for rank in Rank.allCases {
            var level = 1
            while size > room, blocks.contains(where: { $0.rank == rank && level < $0.forms.count }) {
                // From the end: what a reader sees first stays whole longest.
                for index in blocks.indices.reversed()
                where blocks[index].rank == rank && level < blocks[index].forms.count && size > room {
                    size -= blocks[index].size
                    blocks[index].shown = level
                    size += blocks[index].size
                }
                level += 1
            }
        }
        var text = ""
        for block in blocks where !block.form.text.isEmpty {
            if !text.isEmpty { text += block.isAttached ? "\n" : "\n\n" }
            text += block.form.text
        }
        return text + (folded(blocks).map { "\n\n" + $0 } ?? "") + "\n"
    }

    /// What was left out; nil where nothing was.
    private func folded(_ blocks: [Block]) -> String? {
        let kinds = Kind.allCases.compactMap { kind -> String? in
            let count = blocks.reduce(0) { $0 + ($1.form.left[kind] ?? 0) }
            return count == 0 ? nil : kind.words(count)
        }
        guard !kinds.isEmpty else { return nil }
        return "**Folded to fit a comment:** \(kinds.joined(separator: ", ")). \(whole)"
    }
}
