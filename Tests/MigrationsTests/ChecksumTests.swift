import FleetModel
import Migrations
import Testing

/// Sums and keys, held against numbers that the tools' own sources and tests give.
@Suite struct ChecksumTests {
    private func sums(_ format: any HistoryFormat, _ files: (String, String)...) -> [[String]] {
        format.checksums(
            of: files.map { (ListedMigration(tag: $0.0, number: "", file: $0.0), Array($0.1.utf8)) }
        )
    }

    @Test func `atlas sums go on from file to file`() {
        // cmd/atlas/internal/migrate/testdata/fixed/atlas.sum of ariga/atlas@ea37087.
        let sums = sums(
            AtlasFormat(),
            ("1.sql", "CREATE TABLE `users` (`id` int NOT NULL PRIMARY KEY);"),
            ("2.sql", "ALTER TABLE `users` ADD COLUMN `happy` boolean NOT NULL DEFAULT true;"),
            (
                "3.sql",
                "CREATE TABLE `pets` (`id` int NOT NULL PRIMARY KEY);\nALTER TABLE `pets` ADD COLUMN `happy` boolean NULL;"
            )
        )
        #expect(
            sums == [
                ["twN+zPVp8JzWEUcPPfNIT6/62Wa08dfxxZhT4gZxBzg="], ["KHLlrSPwSjbp4+KrpQHwYZf8zlSIiAR7MS3H2yd1yeE="],
                ["osHrPgu8uNgd6j09XCiyBQWWEh9aAmwjRgzdZZgm68M="],
            ]
        )
    }

    @Test func `atlas leaves a file out that asks for it`() {
        let sums = sums(AtlasFormat(), ("1.sql", "-- atlas:sum ignore\nSELECT 1;"), ("2.sql", "SELECT 2;"))
        #expect(sums[0].isEmpty)
        // printf '1.sql2.sqlSELECT 2;' | sha256sum, in Base64.
        #expect(sums[1] == ["noATE92nDvg7wxGfZ8FdM3nFkQUb3sxpuxxJnJI6z3w="])
    }

    @Test func `flyway takes lines without their ends, and a signed number`() {
        // The check value of CRC-32 (ISO-HDLC) is 0xCBF43926.
        let expected = ["\(Int32(bitPattern: 0xCBF4_3926))"]
        #expect(sums(FlywayFormat(), ("V1__a.sql", "123456789")) == [expected])
        #expect(sums(FlywayFormat(), ("V1__a.sql", "123\n456\r\n78\r9\n\n")) == [expected])
        #expect(sums(FlywayFormat(), ("V1__a.sql", "\u{FEFF}123456789")) == [expected])
    }

    @Test func `prisma takes either kind of line end`() {
        // The first is of checksum.rs in prisma/prisma-engines.
        let hello = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
        #expect(sums(PrismaFormat(), ("a", "hello")) == [[hello, hello, hello]])
        let unix = sums(PrismaFormat(), ("a", "ab\ncd\rab\n"))[0]
        let windows = sums(PrismaFormat(), ("a", "ab\r\ncd\rab\r\n"))[0]
        #expect(unix[0] == windows[1])
        #expect(unix[2] == windows[0])
    }

    @Test func `atlas leaves a file out whose first line asks for it, and no other`() {
        let sums = sums(AtlasFormat(), ("1.sql", "-- a\n-- atlas:sum ignore\nSELECT 1;"))
        #expect(sums[0].count == 1)
    }

    // golang-migrate's: (zlib.crc32(b"public\0schema_migrations\0db") * 1486364155) & 0xffffffff, in Python.
    private static let keys: [(format: any HistoryFormat, key: Int64?)] = [
        (GolangMigrateFormat(), 3_256_993_429), (RailsFormat(), 7_853_400_853_573_209_480),
        (FlywayFormat(), 77_433_833_903_597), (PrismaFormat(), 72_707_369), (AtlasFormat(), 2_686_470_616),
        (GooseFormat(), nil),
    ]

    @Test func `the key of a tool's lock`() {
        for (format, key) in Self.keys {
            let found = format.lockKey(database: "db", schema: format.defaultSchema, table: format.defaultTable)
            #expect(found == key, "\(format.name)")
        }
    }
}
