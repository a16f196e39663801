/// Components beside places: code, migrations and every environment, with its databases folded.
package struct Comparison: Sendable, Hashable {
    /// How a component stands in one place.
    package enum State: String, Sendable, Hashable, CaseIterable {
        case present, missing, differs, unknown
    }

    package struct Cell: Sendable, Hashable {
        /// What all databases of the column have in common, else the gravest of theirs.
        package var state: State
        /// Databases in each state; 1 for code and migrations.
        package var counts: [State: Int]
        /// Of a class its numbers of tables, of the row of migrations the newest ones; each once.
        package var values: [String]

        package init(state: State, counts: [State: Int], values: [String] = []) {
            self.state = state
            self.counts = counts
            self.values = values
        }
    }

    package struct Row: Sendable, Hashable {
        package var className: String
        /// The class's name, `migrations`, or an object's name with its schema.
        package var component: String
        /// `class`, `migrations`, or a kind of objects.
        package var kind: String
        /// The table it is a part of.
        package var table: String?
        /// By column; a column that holds no database of the class has none.
        package var cells: [String: Cell]
        /// Whether neither the code nor the migrations have it.
        package var isUnexpected: Bool
        /// The class whose migrations make it, where this one's do not.
        package var belongsTo: String?
        /// Whether any place departs from what it should be.
        package var differs: Bool
        /// Whether a place departs and a rule of `drift` says that it does not count.
        package var isExempt = false
    }

    /// Databases of one class in one environment that hold the same.
    package struct Cohort: Sendable, Hashable {
        package var environment: String
        package var className: String
        /// `instance/name`, sorted; empty for all that an instance out of reach may hold.
        package var databases: [String]
        /// Nil where it is not known, or there is no database.
        package var tables: Int?
        package var version: String?
        /// Why nothing is known of them.
        package var unknown: String?
        package var exists: Bool
    }

    package static let code = "code"
    package static let migrations = "migrations"

    /// What nobody looks at here.
    package static let leftOut = "owners and grants"

    package var columns: [String]
    package var rows: [Row]
    package var cohorts: [Cohort]
    /// What a reader should know of the columns.
    package var notes: [String]
    /// Whether a server could not be reached, or what code expects could not be had.
    package var isIncomplete: Bool

    /// What a class that differs in nothing may still differ in.
    package func uncompared(in className: String) -> String {
        let head = rows.first { $0.className == className && $0.kind == "class" }
        let unseen = columns.filter { $0 != Self.code && head?.cells[$0]?.state == .unknown }
        let folded = cohorts.filter {
            $0.className == className && $0.unknown != nil && !unseen.contains($0.environment)
        }
        let code = head?.cells[Self.code]?.state == .unknown ? ["the code"] : []
        let cohorts =
            folded.isEmpty ? [] : ["databases of \(Set(folded.map(\.environment)).sorted().joined(separator: ", "))"]
        return (code + unseen + cohorts + [Self.leftOut]).joined(separator: ", ")
    }

    /// Without the rows in which every place is as it should be; classes and their migrations stay.
    package var differences: Comparison {
        var some = self
        some.rows = rows.filter { $0.differs || $0.kind == "class" || $0.kind == "migrations" }
        return some
    }
}
