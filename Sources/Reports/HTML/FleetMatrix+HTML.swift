internal import FleetModel

extension FleetMatrix {
    var html: HTML {
        HTML(
            parts.map { part in
                switch part {
                case .block(let block): Self.table(block)
                case .tall(let tall): Self.table(tall)
                }
            }
        )
    }

    private static func table(_ block: Block) -> HTML {
        let title = "Databases by instance: " + environments(of: block).map(\.name).joined(separator: ", ")
        return HTML.scrolled(title) {
            Tag.table(.class("matrix")) {
                Tag.caption(.class("spoken")) { title }
                head(block)
                Tag.tbody {
                    for row in block.rows { self.row(row, block.columns) }
                }
            }
        }
    }

    private static func environments(of block: Block) -> [(name: String, columns: Int)] {
        var environments: [(name: String, columns: Int)] = []
        for column in block.columns {
            if environments.last?.name == column.environment {
                environments[environments.count - 1].columns += 1
            } else {
                environments.append((column.environment, 1))
            }
        }
        return environments
    }

    private static func head(_ block: Block) -> HTML {
        Tag.thead {
            Tag.tr {
                Tag.th(.scope(.column), .span(rows: 2)) { "Database" }
                for environment in environments(of: block) {
                    Tag.th(.scope(.columns), .span(columns: environment.columns), .class("environment")) {
                        Tag.a(.href(.environment(environment.name))) { HTML.name(environment.name) }
                    }
                }
            }
            Tag.tr {
                for column in block.columns {
                    Tag.th(.scope(.column)) {
                        Tag.a(.href(.instance(column.instance.name, in: column.environment))) {
                            HTML.name(column.instance.name)
                        }
                        Tag.span(.class("note")) { column.instance.kind }
                    }
                }
            }
        }
    }

    private static func row(_ row: Row, _ columns: [Column]) -> HTML {
        let states = Set(row.cells.compactMap { $0?.status.rawValue }).sorted()
        return Tag.tr(.class("item"), .states(states)) {
            Tag.th(.scope(.row)) { head(row, columns) }
            for (column, cell) in zip(columns, row.cells) { self.cell(cell, row, column) }
        }
    }

    private static func head(_ row: Row, _ columns: [Column]) -> HTML {
        let classes = row.classNames.isEmpty ? .nothing : Tag.span(.class("note")) { HTML.names(row.classNames) }
        guard row.names.count > 1 else { return HTML([.name(row.names[0]), classes]) }
        // Where the first of its columns has them.
        let home = zip(columns, row.cells).first { $0.1 != nil }?.0
        return HTML([
            Tag.details {
                Tag.summary { "\(row.names.count) databases" }
                Tag.p(.class("many")) {
                    for name in row.names {
                        if let home {
                            Tag.a(.href(.database(name, on: home.instance.name, in: home.environment))) {
                                HTML.name(name)
                            }
                        }
                        " "
                    }
                }
            },
            Tag.span(.class("note")) {
                HTML.name(row.names[0])
                " … "
                HTML.name(row.names[row.names.count - 1])
            },
            classes,
        ])
    }

    private static func cell(_ cell: Cell?, _ row: Row, _ column: Column) -> HTML {
        guard let cell else {
            let isKnown = column.instance.reachable
            return Tag.td(.class("none")) {
                Tag.span(.decorative) { isKnown ? "–" : "?" }
                Tag.span(.class("spoken")) { isKnown ? "not there" : "unknown" }
            }
        }
        let anchor: Anchor =
            if row.names.count == 1 {
                .database(row.names[0], on: column.instance.name, in: column.environment)
            } else if let cohort = cell.cohort {
                .cohort(cohort, in: column.environment)
            } else {
                .part(.databases, of: column.environment)
            }
        return Tag.td(.class("cell", cell.status.tone.rawValue)) {
            Tag.a(.href(anchor)) { cell.status.chip }
            let version = Version(cell.observed, cell.expected, cell.status)
            if version.isTold { Tag.span(.class("note")) { version.short } }
        }
    }

    private static func table(_ tall: Tall) -> HTML {
        let environment = tall.environment
        let title = "Databases of \(environment.name) by instance and status"
        return HTML.scrolled(title) {
            Tag.table(.class("matrix", "tall")) {
                Tag.caption { Tag.a(.href(.environment(environment.name))) { HTML.name(environment.name) } }
                Tag.thead {
                    Tag.tr {
                        Tag.th(.scope(.column)) { "Instance" }
                        for status in tall.statuses { Tag.th(.scope(.column)) { status.chip } }
                    }
                }
                Tag.tbody {
                    for instance in environment.instances { row(instance, tall) }
                }
            }
        }
    }

    private static func row(_ instance: PlannedInstance, _ tall: Tall) -> HTML {
        let counts = tall.counts[instance.name] ?? [:]
        return Tag.tr(.class("item"), .states(counts.keys.map(\.rawValue).sorted())) {
            Tag.th(.scope(.row)) {
                Tag.a(.href(.instance(instance.name, in: tall.environment.name))) { HTML.name(instance.name) }
                Tag.span(.class("note")) { instance.kind }
            }
            for status in tall.statuses {
                let count = counts[status] ?? 0
                Tag.td(.class("number", count == 0 ? "none" : "cell", count == 0 ? "" : status.tone.rawValue)) {
                    count == 0 ? "–" : "\(count)"
                }
            }
        }
    }
}

extension PlannedInstance {
    /// Its version, or that nobody could ask it; and whether it is given up.
    var kind: String {
        let state = isRetired ? ", retired" : state == .retiring ? ", retiring" : ""
        return (serverVersion.map { "PostgreSQL \($0)" } ?? "out of reach") + state
    }
}

/// Where a database is and where it should be.
struct Version {
    private let observed: String?
    private let expected: String?
    private let isUnknown: Bool

    init(_ observed: String?, _ expected: String?, _ status: DatabaseStatus) {
        self.observed = observed
        self.expected = expected
        isUnknown = status == .unknown
    }

    init(_ database: PlannedDatabase) {
        self.init(database.observedVersion, database.expectedVersion, database.status)
    }

    /// Whether there is any.
    var isTold: Bool { observed != nil || expected != nil }

    var whole: HTML { between(\.self) }

    /// Numbers alone, where they tell the two apart.
    var short: HTML {
        let numbers = [observed, expected].compactMap(\.self).map(Self.number)
        let tells = numbers.allSatisfy { !$0.isEmpty } && (Set(numbers).count == numbers.count || observed == expected)
        return tells ? between(Self.number) : whole
    }

    private func between(_ written: (String) -> String) -> HTML {
        guard observed != expected, let expected else { return observed.map { .name(written($0)) } ?? HTML("–") }
        let from = observed.map { HTML.name(written($0)) } ?? HTML(isUnknown ? "?" : "none")
        return HTML([from, HTML(" → "), .name(written(expected))])
    }

    private static func number(_ tag: String) -> String { String(tag.prefix { ("0"..."9").contains($0) }) }
}

extension HTML {
    /// A table that may be wider than the page: it scrolls by itself, also by keys.
    static func scrolled(_ title: String, @HTMLBuilder _ content: () -> HTML) -> HTML {
        Tag.div(.class("scroll"), .role("region"), .label(title), .focusable, content: content)
    }
}
