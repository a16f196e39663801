import FleetFixtures
import FleetModel
import Reports
import Testing

/// Pages as text; what a browser makes of them is tried in `Tests/PageTests`.
@Suite struct FleetPageTests {
    @Test(arguments: ["estate", "refusals", "moving"])
    func `pages read as recorded`(name: String) throws {
        let plan = try #require(PlanTextTests.all.first { $0.0 == name }?.1)
        try expectGolden(text(of: plan, .plan), "\(name)-plan.html")
        if name == "refusals" { try expectGolden(text(of: plan, .inventory), "\(name)-inventory.html") }
    }

    /// Without style and script, which are files of ours and seen in review as such.
    private func text(of plan: Plan, _ subject: FleetPage.Subject) -> String {
        var text = String(decoding: FleetPage(plan, as: subject).bytes, as: UTF8.self)
        for (begin, end) in [
            ("<style>", "</style>"), ("<script>", "</script>"), ("sha256-", "&#39;"), ("sha256-", "&#39;"),
        ] {
            guard let from = text.firstRange(of: begin), let to = text[from.upperBound...].firstRange(of: end) else {
                Issue.record("no \(begin)")
                continue
            }
            text.replaceSubrange(from.lowerBound..<to.lowerBound, with: begin.hasPrefix("<") ? begin : "(hash)")
        }
        return text
    }

    @Test func `the same plan gives the same bytes`() {
        #expect(FleetPage(PlanTextTests.estate, as: .plan).bytes == FleetPage(PlanTextTests.estate, as: .plan).bytes)
    }

    @Test func `an inventory tells of nothing that is to be done`() {
        let page = String(decoding: FleetPage(PlanTextTests.refusals, as: .inventory).bytes, as: UTF8.self)
        for word in ["cohort/", "class=\"refusal", "ALTER TABLE"] {
            let body = page.split(separator: "</style>", maxSplits: 1).last?.split(separator: "<script>").first ?? ""
            #expect(body.contains("tenant_5"))
            #expect(!body.contains("\(word)"), "\(word)")
        }
    }

    @Test func `no name becomes markup, turns text around or hides in it`() throws {
        var plan = PlanTextTests.refusals
        let database = plan.environments[0].databases[0]
        plan.environments[0].databases = Hostile.names.map { name in
            var named = database
            named.name = name
            named.className = name
            named.observedVersion = name
            return named
        }
        plan.environments[0].instances[0].address = Hostile.names.joined(separator: " ")
        let page = String(decoding: FleetPage(plan, as: .plan).bytes, as: UTF8.self)
        let body = try #require(page.split(separator: "</style>", maxSplits: 1).last)
        for markup in ["<script>alert", "<img", "<svg onload", "<a href=\"https"] { #expect(!body.contains(markup)) }
        for scalar in body.unicodeScalars where scalar != "\n" && scalar != "\t" {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .unassigned: Issue.record("\(scalar.value)")
            default: continue
            }
        }
    }
}
