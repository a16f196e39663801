import FleetModel
import Migrations
import Testing

@Suite struct VersionCheckTests {
    private func check(_ version: String, in folder: MigrationFolder?) -> [Diagnostic] {
        let range = SourceRange(
            file: "environments/testing.yaml",
            start: SourcePosition(line: 9, column: 40),
            end: SourcePosition(line: 9, column: 46)
        )
        let entry = DatabaseEntry(
            selector: Located(.names(["db"]), at: somewhere),
            className: Located("tenant", at: somewhere),
            version: Located(version, at: range),
            instance: Located("local", at: somewhere),
            range: somewhere
        )
        let environment = Environment(
            name: Located("testing", at: somewhere),
            role: .testing,
            description: nil,
            instances: [],
            entries: [entry],
            policy: Policy(defaultsFor: .testing)
        )
        let fleet = DesiredFleet(root: "/", classes: [], environments: [environment])
        return VersionCheck.check(fleet: fleet, folders: folder.map { ["tenant": $0] } ?? [:])
    }

    private let files = folder(.drizzle, migration("0000_init", when: 1), migration("0001_phase_17", when: 2))

    @Test(arguments: ["0000_init", "0", "1", "0001", "latest"])
    func `a version that exists is fine`(_ version: String) {
        #expect(check(version, in: files) == [])
    }

    @Test func `a version that does not exist is an error where it is written, with the nearest`() {
        #expect(
            check("0001_phase_71", in: files).map(\.asRecorded) == [
                """
                error[unknown-version] environments/testing.yaml:9:40
                  version "0001_phase_71" names no migration of class "tenant"
                  hint: near are "0001_phase_17", "0000_init"; "latest" is "0001_phase_17"
                """
            ]
        )
    }

    @Test func `where migrations repeat, only the newest version can be declared`() {
        var view = migration("R__view")
        view.isRepeatable = true
        let files = folder(.plain, migration("1_a"), migration("2_b"), view)
        #expect(check("2", in: files) == [])
        #expect(check("latest", in: files) == [])
        #expect(check("1", in: files).map(\.hint) == ["declare \"latest\""])
    }

    @Test func `a number that two migrations have is ambiguous`() {
        let files = folder(.drizzle, migration("0001_a", when: 1), migration("1_b", when: 2))
        #expect(check("1", in: files).map(\.hint) == ["give the tag: \"0001_a\", \"1_b\""])
        #expect(check("1_b", in: files) == [])
    }

    @Test func `a class whose folder could not be read is not reported again`() {
        #expect(check("5", in: nil) == [])
    }
}
