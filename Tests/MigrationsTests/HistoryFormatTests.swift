import FleetModel
import Migrations
import Testing

@Suite struct HistoryFormatTests {
    @Test(arguments: MigrationSource.Format.allCases)
    func `rows are ordered by expressions, since a bare name would mean the column as text`(
        _ format: MigrationSource.Format
    ) {
        for part in format.history.orderBy.split(separator: ",") {
            #expect(part.contains("::"))
        }
    }

    @Test(arguments: MigrationSource.Format.allCases)
    func `columns that identify are columns`(_ format: MigrationSource.Format) {
        #expect(format.history.identifyingColumns.allSatisfy(format.history.columns.indices.contains))
    }
}
