internal import FleetModel

/// Every database of an environment; in a large one those that stand alike are folded together.
struct DatabaseList {
    private let plan: EnvironmentPlan
    private let cohorts: Set<String>

    /// As many rows are read without being folded.
    private static let mostPlain = 30

    init(_ plan: EnvironmentPlan) {
        self.plan = plan
        cohorts = Set(plan.cohorts.map(\.id))
    }

    private struct Group {
        var status: DatabaseStatus
        var className: String?
        var version: Version
        var databases: [PlannedDatabase]
    }

    var html: HTML {
        guard plan.databases.count > Self.mostPlain else { return table(plan.databases, "Databases of \(plan.name)") }
        return HTML(groups.map { folded($0) })
    }

    private var groups: [Group] {
        struct Key: Hashable {
            var status: DatabaseStatus
            var className: String?
            var observed: String?
            var expected: String?
            var cohort: String?
        }
        var groups: [Group] = []
        var positions: [Key: Int] = [:]
        for database in plan.databases {
            let key = Key(
                status: database.status,
                className: database.className,
                observed: database.observedVersion,
                expected: database.expectedVersion,
                cohort: database.cohort
            )
            if let position = positions[key] {
                groups[position].databases.append(database)
                continue
            }
            positions[key] = groups.count
            groups.append(
                Group(
                    status: database.status,
                    className: database.className,
                    version: Version(database),
                    databases: [database]
                )
            )
        }
        return groups.enumerated().sorted {
            ($0.element.status.rank, $0.offset) < ($1.element.status.rank, $1.offset)
        }.map(\.element)
    }

    private func folded(_ group: Group) -> HTML {
        let isRead = group.status != .converged && group.status != .aside && group.databases.count <= Self.mostPlain
        let count = counted(group.databases.count, "database", "databases")
        return Tag.details(.class("group"), .open(if: isRead)) {
            Tag.summary {
                group.status.chip
                " \(count) "
                Tag.span(.class("note")) {
                    if let name = group.className {
                        HTML.name(name)
                        " "
                    }
                    group.version.whole
                }
            }
            table(group.databases, "\(count), \(group.status.rawValue)")
        }
    }

    private func table(_ databases: [PlannedDatabase], _ title: String) -> HTML {
        HTML.scrolled(title) {
            Tag.table(.class("databases")) {
                Tag.caption(.class("spoken")) { title }
                Tag.thead {
                    Tag.tr {
                        for head in ["Database", "Instance", "State", "Class", "Version"] {
                            Tag.th(.scope(.column)) { head }
                        }
                        for head in ["Tables", "Size"] { Tag.th(.scope(.column), .class("number")) { head } }
                        Tag.th(.scope(.column)) { "Last change" }
                        if !cohorts.isEmpty { Tag.th(.scope(.column)) { "Plan" } }
                    }
                }
                Tag.tbody {
                    HTML(databases.map { row($0) })
                }
            }
        }
    }

    private func row(_ database: PlannedDatabase) -> HTML {
        let anchor = Anchor.database(database.name, on: database.instance, in: plan.name)
        return Tag.tr(.class("item"), .id(anchor), .target, .states([database.status.rawValue])) {
            Tag.th(.scope(.row)) { Tag.a(.href(anchor)) { HTML.name(database.name) } }
            Tag.td { HTML.name(database.instance) }
            Tag.td { database.status.chip }
            Tag.td { database.className.map { HTML.name($0) } ?? HTML("–") }
            Tag.td { Version(database).whole }
            Tag.td(.class("number")) { database.tables.map { "\($0)" } ?? "–" }
            Tag.td(.class("number")) { Printable.size(database.sizeBytes) }
            Tag.td { database.lastChange.map { Timestamp(milliseconds: $0).day } ?? "–" }
            if !cohorts.isEmpty { Tag.td { plan(of: database) } }
        }
    }

    private func plan(of database: PlannedDatabase) -> HTML {
        guard let cohort = database.cohort, cohorts.contains(cohort) else { return HTML("–") }
        return Tag.a(.href(.cohort(cohort, in: plan.name))) { cohort }
    }
}
