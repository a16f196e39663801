import FleetModel
@testable import Planning

/// Names, and with them whole plans, that try to be more than text.
enum Hostile {
    static let names = [
        "o\"dd", "it's", "ünï.code", "two\nlines", "\u{1B}[31mred\u{1B}[0m", "\u{202E}desrever", "zero\u{200B}width",
        "日本語", "🐘", "a\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}", "\u{7}bell\r", "\u{9B}31mC1", "back\\slash", "",
        "\u{2028}line", "<script>alert(1)</script>", "e\u{301}",
        // What Markdown and forges read.
        "`", "``a``", "a`b`c", "` `", "a|b", "a\\|b", "\\", "\\`", " ", "</details>", "</code>@team",
        "<img src=x onerror=alert(1)>", "<a href=\"https://evil.example\">x</a>", "@team", "a @team b", "#1",
        "org/repo#1",
        "GH-1", "0123456789abcdef0123456789abcdef01234567", "![x](https://evil.example/x.png)",
        "[x](javascript:alert(1))", "[x]: https://evil.example", "https://evil.example", "www.evil.example",
        "mail@evil.example", ":tada:", "```\n</details>\n<img src=x>", "~~~", "&lt;b&gt;", "&#64;team", "<!-- x",
        "--> x", "$x$", "**bold**", "_em_", "~~gone~~", "# head", "- item", "1. item", "> quote",
        "| a | b |\n|---|---|",
        "---", "[ ] task", "[^1]", "a\n\nb", "    code", "!", "]]>", "\u{0}", "\u{FFFF}", "'\"><svg onload=alert(1)>",
    ]

    private static let base = PlanTextTests.refusals

    /// A plan in which all that strangers may call something is this.
    static func plan(_ name: String) -> Plan {
        var plan = base
        plan.toolVersion = name
        plan.gitCommit = name
        plan.environments[0].name = name
        plan.environments[0].instances[0].name = name
        plan.environments[0].instances[0].address = name
        plan.environments[0].instances[0].serverVersion = name
        plan.environments[0].narrowed = [name]
        plan.environments[0].location?.file = name
        for index in plan.environments[0].databases.indices {
            plan.environments[0].databases[index].name = name
            plan.environments[0].databases[index].instance = name
            plan.environments[0].databases[index].className = name
            plan.environments[0].databases[index].expectedVersion = name
        }
        for index in plan.environments[0].findings.indices {
            plan.environments[0].findings[index].instance = name
            plan.environments[0].findings[index].message = name
            plan.environments[0].findings[index].object = name
            plan.environments[0].findings[index].hint = name
            plan.environments[0].findings[index].location?.file = name
        }
        for index in plan.environments[0].refused.indices {
            plan.environments[0].refused[index].what = name
            plan.environments[0].refused[index].why = name
            plan.environments[0].refused[index].grant = name
            plan.environments[0].refused[index].databases = [name, name]
        }
        for index in plan.environments[0].cohorts.indices {
            plan.environments[0].cohorts[index].id = name
            plan.environments[0].cohorts[index].databases = [name, name]
            plan.environments[0].cohorts[index].className = name
            plan.environments[0].cohorts[index].instance = name
            for step in plan.environments[0].cohorts[index].steps.indices {
                plan.environments[0].cohorts[index].steps[step].id = name
                plan.environments[0].cohorts[index].steps[step].summary = name
                plan.environments[0].cohorts[index].steps[step].objects = [name]
                plan.environments[0].cohorts[index].steps[step].statements = [
                    PlannedStatement(
                        sql: name,
                        hazards: [.dataLoss],
                        locks: [TableLock(table: TableName(name: name), mode: name)],
                        note: name
                    ),
                    PlannedStatement(sql: "SELECT 1;\n\(name)"),
                ]
            }
        }
        return plan
    }

    /// A comparison of classes, components and places of this name.
    static func comparison(_ name: String) -> Comparison {
        func cells(_ kind: String) -> [String: Comparison.Cell] {
            let values = kind == Comparison.migrations ? [name, name] : ["3"]
            return [
                "code": Comparison.Cell(state: .missing, counts: [.missing: 1], values: values),
                name: Comparison.Cell(state: .present, counts: [.present: 2, .differs: 1], values: values),
            ]
        }
        let rows = ["class", "migrations", "table", name].map { kind in
            Comparison.Row(
                className: name,
                component: name,
                kind: kind,
                table: nil,
                cells: cells(kind),
                isUnexpected: true,
                belongsTo: name,
                differs: true
            )
        }
        let cohorts = [nil, name].map { unknown in
            Comparison.Cohort(
                environment: name,
                className: name,
                databases: [name, name],
                tables: 3,
                version: name,
                unknown: unknown,
                exists: true
            )
        }
        return Comparison(
            columns: ["code", name],
            rows: rows,
            cohorts: cohorts,
            notes: [name],
            isIncomplete: true
        )
    }

    /// Faults whose texts are this.
    static func diagnostics(_ name: String) -> [Diagnostic] {
        let start = SourcePosition(line: 3, column: 5)
        return [
            Diagnostic(
                .error,
                .unknownKey,
                name,
                at: SourceRange(file: name, start: start, end: start),
                hint: name
            ),
            Diagnostic(.warning, .unknownKey, name, at: nil, hint: nil),
        ]
    }
}
