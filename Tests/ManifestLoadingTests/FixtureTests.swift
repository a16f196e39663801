import FleetModel
import ManifestLoading
import Testing

@Suite struct `Pages of manifests` {
    @Test(arguments: Fixture.all())
    func `every fault of a page is marked, and every mark is a fault`(_ fixture: Fixture) throws {
        let root = try fixture.root()
        let loaded = ManifestLoader.load(root: root.path)
        var unclaimed = try fixture.expectations(in: root)
        #expect((loaded.value != nil) == unclaimed.isEmpty)
        for diagnostic in loaded.diagnostics {
            if let claim = diagnostic.claimed(by: unclaimed), let index = unclaimed.firstIndex(of: claim) {
                unclaimed.remove(at: index)
            } else {
                Issue.record("nothing marks \(diagnostic.asExpectation)")
            }
        }
        for expectation in unclaimed { Issue.record("no fault at \(expectation)") }
    }

    @Test func `there are pages`() {
        #expect(Fixture.all().count > 20)
    }
}
