import Commands
import FleetModel
import Migrations
import Reports
import Testing

/// Codes that scripts rely on: each page lists all of them, in the order of the code, and no other.
@Suite struct `Codes in docs` {
    @Test func `every finding is explained, with its severity`() throws {
        let page = try Page("docs/findings.md")
        #expect(page.names() == FindingCode.allCases.map(\.rawValue))
        for row in page.rows() {
            let severities = row[1].split(separator: " ").filter { $0 != "or" }
            #expect(!severities.isEmpty && severities.allSatisfy { Severity(rawValue: String($0)) != nil }, "\(row[0])")
            #expect(row.count == 3 && !row[2].isEmpty, "\(row[0])")
        }
        for (code, row) in zip(FindingCode.allCases, page.rows()) {
            #expect(code.explanation.meaning == row[2], "\(code)")
            let cure = try #require(
                page.section("`\(code.rawValue)`")?.split(separator: "\n**Cure.** ").last,
                "\(code)"
            )
            let words = cure.replacing("\n", with: " ").lowercased()
            #expect(words.hasPrefix(code.explanation.remedy.lowercased() + "."), "\(code)")
        }
    }

    @Test func `every diagnostic is explained`() throws {
        let page = try Page("docs/diagnostics.md")
        #expect(page.names() == DiagnosticCode.allCases.map(\.rawValue))
        for (code, row) in zip(DiagnosticCode.allCases, page.rows()) { #expect(code.meaning == row[1], "\(code)") }
    }

    @Test func `every diagnostic can be linked to`() throws {
        let page = try Page("docs/diagnostics.md")
        for name in page.names() { #expect(page.text.contains("<a id=\"\(name)\"></a>`\(name)`"), "\(name)") }
    }

    @Test func `every hazard is explained`() throws {
        #expect(try Page("docs/hazards.md").names() == Hazard.allCases.map(\.rawValue))
    }

    @Test(arguments: ["docs/findings.md", "docs/hazards.md"])
    func `every code has its cause and its cure, and the table leads to them`(_ path: String) throws {
        let page = try Page(path)
        let codes = page.names()
        #expect(page.headings(level: 3) == codes.map { "`\($0)`" })
        for code in codes {
            #expect(page.text.contains("| [`\(code)`](#\(code)) |"), "\(code)")
            let section = page.section("`\(code)`") ?? ""
            for part in ["Cause", "Cure"] { #expect(section.contains("\n**\(part).** "), "\(code): \(part)") }
        }
    }

    @Test func `every exit status is explained`() throws {
        #expect(try Page("docs/exit-statuses.md").names() == ExitStatus.allCases.map { "\($0.rawValue)" })
    }

    @Test func `the gravest exit status is as the page says`() throws {
        let page = try Page("docs/exit-statuses.md")
        let line = try #require(page.text.firstMatch(of: #/the gravest wins: ([0-9, ]+)\./#))
        let order = line.1.split(separator: ", ").compactMap { Int32($0).flatMap(ExitStatus.init) }
        #expect(order.count == ExitStatus.allCases.count)
        for index in order.indices { #expect(ExitStatus.gravest(order[index...]) == order[index]) }
    }

    @Test func `every kind of step and every status of a database is explained`() throws {
        let page = try Page("docs/json.md")
        #expect(page.names(under: "Kinds of steps") == StepKind.allCases.map(\.rawValue))
        #expect(page.names(under: "Status of a database") == DatabaseStatus.allCases.map(\.rawValue))
    }

    @Test func `every level of a backup is explained`() throws {
        #expect(try Page("docs/backups.md").names() == Policy.BackupVerify.allCases.map(\.rawValue))
    }

    @Test func `every format of migrations is explained, with where its history is kept`() throws {
        let page = try Page("docs/formats.md")
        #expect(page.names() == MigrationSource.Format.all.map(\.name))
        for (row, format) in zip(page.rows(), MigrationSource.Format.all) {
            #expect(row[2].hasPrefix("`\(format.defaultSchema).\(format.defaultTable)`"), "\(format.name)")
            #expect(page.text.contains("\n**`\(format.name)`** – "), "\(format.name)")
        }
    }
}
