import FleetFixtures
import FleetModel
import Reports

/// The pages that the browser is shown.
enum Pages {
    private static func plan(_ environments: EnvironmentPlan...) -> Plan {
        Plan(toolVersion: "0.1.0", createdAt: 1_768_521_600, gitCommit: "0123abc", environments: environments)
    }

    /// The product of the examples, in three environments.
    static let estate = plan(Estate.development.plan(), Estate.testing.plan(), Estate.production.plan())
    /// Most of what can be refused, and a server out of reach.
    static let refusals = plan(Difficult.production.plan(), Difficult.staging.plan())
    /// A thousand databases; put together once.
    static let crowd = page(plan(Crowd.production(of: 1000).plan()))

    /// An environment on more instances than stand side by side.
    static let wide: Plan = {
        var plan = estate
        plan.environments = [estate.environments[0]]
        let instance = plan.environments[0].instances[0]
        plan.environments[0].instances += (1...10).map { number in
            var another = instance
            another.name = "shard-\(number)"
            return another
        }
        return plan
    }()

    static let records = FleetRecords(
        backups: [
            .init(
                environment: "production",
                instance: "vps-docker",
                database: "tenant_7",
                takenAt: 1_768_500_000,
                rows: 10_412,
                sizeBytes: 1_204_224,
                verified: "rehearse",
                restore: ["reconcile", "-C", "/srv/it's here", "backups", "restore", "/srv/backups/tenant_7.json"]
            )
        ],
        runs: [
            .init(
                id: "20260115-1",
                environment: "production",
                startedAt: "2026-01-15T10:00:00Z",
                finishedAt: "2026-01-15T10:04:10Z",
                outcome: "converged",
                counts: [("converged", "13")],
                planDigest: String(repeating: "ab", count: 32),
                who: "ops@console"
            )
        ]
    )

    static let comparison = ComparisonTable(
        columns: ["code", "migrations", "production", "staging"],
        rows: [
            .init(
                className: "tenant",
                component: "tenant",
                kind: "class",
                cells: [
                    .init(.present, text: "24"), .init(.present, text: "24"), .init(.differs, text: "24 or 29"), nil,
                ],
                differs: false,
                isHead: true
            ),
            .init(
                className: "tenant",
                component: "public.clients",
                kind: "table",
                cells: [.init(.present), .init(.present), .init(.present), .init(.unknown)],
                differs: false
            ),
            .init(
                className: "tenant",
                component: "public.clients.name",
                kind: "column",
                table: "public.clients",
                cells: [.init(.present), .init(.present), .init(.differs, text: "3 ✓ 1 ≠"), .init(.missing)],
                differs: true
            ),
            .init(
                className: "tenant",
                component: "public.users",
                kind: "table",
                owner: "master",
                cells: [.init(.absent), .init(.absent), .init(.unexpected), nil],
                differs: true
            ),
        ],
        notes: ["code of class \"tenant\": names only"]
    )

    static func page(_ plan: Plan, as subject: FleetPage.Subject = .plan) -> [UInt8] {
        FleetPage(plan, as: subject, records: records, comparison: comparison).bytes
    }

    /// Texts that would be more than text where a page is put together carelessly; each says so if it comes to that.
    static let attacks = [
        "<script>alert(1)</script>", "\"><script>alert(2)</script>", "' onmouseover='alert(3)' x='",
        "\" autofocus onfocus=\"alert(4)\" x=\"", "</style><script>alert(5)</script>",
        "</script><script>alert(6)</script>",
        "<img src=x onerror=alert(7)>", "javascript:alert(8)", "<!-- --!><svg onload=alert(9)>",
        "</title><body onload=alert(10)>",
        "<iframe src=\"javascript:alert(11)\">", "<a href=\"https://example.org/\">a</a>",
        "<base href=\"https://example.org/\">",
        "<meta http-equiv=\"refresh\" content=\"0;url=https://example.org/\">", "<style>*{display:none}</style>",
        "<link rel=stylesheet href=//example.org/x.css>", "&lt;b&gt;&#x3c;script&#x3e;", "]]><![CDATA[<b>",
        "${alert(12)}{{7*7}}",
        "\u{202E}desrever\u{202C}", "zero\u{200B}width\u{FEFF}", "a\u{0}b\u{1B}[31m", "<plaintext>", "`\\\"'",
        "#/../?%00%3Cscript%3E",
    ]

    /// Several at once: a page takes a while to be put together.
    static let volleys = stride(from: 0, to: attacks.count, by: 6).map { first in
        attacks[first..<min(first + 6, attacks.count)].joined(separator: " ")
    }

    /// Every text of a plan replaced by an attack, so that each stands in every place.
    static func hostile(_ attack: String) -> Plan {
        var plan = refusals
        plan.gitCommit = attack
        plan.toolVersion = attack
        for index in plan.environments.indices { plan.environments[index].poison(attack, index) }
        return plan
    }
}

extension EnvironmentPlan {
    fileprivate mutating func poison(_ text: String, _ number: Int) {
        name = "\(text) \(number)"
        narrowed = [text]
        let names = Dictionary(instances.map(\.name).enumerated().map { ($1, "\(text) \($0)") }) { first, _ in first }
        for index in instances.indices {
            instances[index].name = names[instances[index].name] ?? text
            instances[index].address = text
            instances[index].serverVersion = instances[index].serverVersion.map { _ in text }
        }
        for index in databases.indices {
            databases[index].instance = names[databases[index].instance] ?? text
            databases[index].name = "\(text) \(index)"
            databases[index].className = databases[index].className.map { _ in text }
            databases[index].observedVersion = text
            databases[index].expectedVersion = "\(text)!"
        }
        for index in findings.indices {
            findings[index].instance = names[findings[index].instance] ?? text
            findings[index].database = findings[index].database.map { _ in text }
            findings[index].object = text
            findings[index].message = "\(text) \(index)"
            findings[index].hint = text
        }
        for index in cohorts.indices { cohorts[index].poison(text, names) }
        for index in steps.indices { steps[index].poison(text, names) }
        for index in refused.indices {
            refused[index].what = text
            refused[index].why = text
            refused[index].grant = text
            refused[index].databases = [text]
        }
    }
}

extension Cohort {
    fileprivate mutating func poison(_ text: String, _ names: [String: String]) {
        className = text
        instance = names[instance] ?? text
        databases = databases.indices.map { "\(text) \($0)" }
        for index in steps.indices { steps[index].poison(text, names) }
    }
}

extension Step {
    fileprivate mutating func poison(_ text: String, _ names: [String: String]) {
        summary = text
        objects = [text]
        instance = instance.map { names[$0] ?? text }
        database = database.map { _ in text }
        for index in statements.indices {
            statements[index].sql = "\(text)\n\t\(text)"
            statements[index].note = text
            statements[index].locks = [TableLock(table: TableName(schema: text, name: text), mode: text)]
        }
    }
}
