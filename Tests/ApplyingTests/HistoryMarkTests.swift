import Migrations
import Testing

@testable import Applying

@Suite struct HistoryMarkTests {
    @Test func `a mark counts what the server counts, rows of the tool's own among them`() {
        let atlas = AtlasFormat()
        let rows = [
            [".atlas_cloud_identifier", "2", "0", "0", "2026-01-01 00:00:00+00", nil, ""],
            ["1", "2", "1", "1", "2026-01-01 00:00:01+00", "", "sum"],
        ]
        #expect(HistoryMark(atlas.history(rows: atlas.arrange(rows)), atlas).count == 2)
    }
}
