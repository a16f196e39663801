import FleetModel
import Migrations
import Testing

@Suite struct `SQL that builds a schema` {
    private func fault(_ text: String) -> String? {
        do throws(SchemaText.Fault) {
            _ = try SchemaText(Array(text.utf8), title: "schema.sql")
            return nil
        } catch {
            return "\(error)"
        }
    }

    @Test func `what pg_dump and drizzle-kit print is taken as it is`() throws {
        let text = """
            \u{FEFF}--
            \\restrict abc
            SET standard_conforming_strings = on;
            SELECT pg_catalog.set_config('search_path', '', false);
            BEGIN;
            CREATE TYPE "state" AS ENUM('open')
            --> statement-breakpoint
            CREATE TABLE a (b text DEFAULT 'it''s; fine');
            COMMIT;
            \\unrestrict abc
            """
        let schema = try SchemaText(Array(text.utf8), title: "x")
        #expect(schema.statements.map(\.line) == [3, 4, 5, 6, 8, 9])
        #expect(schema.statements.map(\.sql)[4] == "CREATE TABLE a (b text DEFAULT 'it''s; fine')")
        #expect(schema.digest != (try SchemaText(Array("\(text) ".utf8), title: "x")).digest)
    }

    @Test(arguments: [
        ("SELECT 1;\n\\connect other", "schema.sql:2: \"\\connect\" is a command of psql, not SQL"),
        ("SELECT 'x", "schema.sql:1: a string, a quoted name or a comment is never closed"),
        ("CREATE ROLE a PASSWORD 'b'", "schema.sql:1: a password is written out here"),
        ("SELECT 1;\n\n\0", "schema.sql:3: a NUL byte"),
    ])
    func `what cannot be run is said with its line`(_ text: String, _ message: String) {
        #expect(fault(text) == message)
    }
}

@Suite struct `A migration to be written` {
    private func folder(_ numbers: String...) -> MigrationFolder {
        let range = SourceRange.beginning(of: "manifests/a.yaml")
        let source = MigrationSource(
            directory: Located("/root/manifests/a", at: range),
            format: .plain,
            historySchema: "reconcile",
            historyTable: "migrations",
            role: .owner,
            searchPath: "public"
        )
        let migrations = numbers.map { number in
            Migration(
                tag: "\(number)_x",
                number: number,
                text: "",
                sha256: "",
                when: nil,
                isTransactional: true,
                statements: [],
                file: "manifests/a/\(number)_x.sql"
            )
        }
        return MigrationFolder(className: "a", source: source, migrations: migrations)
    }

    @Test(arguments: [
        ("0001", "0002"), ("0099", "0100"), ("9", "10"), ("20250101000000", "20260101120000"),
        ("20990101000000", "20990101000001"), ("20250101000000000", "20260101120000000"),
    ])
    func `its number follows the newest one, as the folder counts`(_ last: String, _ next: String) throws {
        let draft = try #require(
            MigrationDraft(named: "more", ["A", "B"], after: folder(last), stamp: "20260101120000000")
        )
        #expect(draft.tag == "\(next)_more" && draft.file == "\(next)_more.sql")
        #expect(draft.text == "A;\n\nB;\n")
        #expect(draft.folder.migrations.count == 2)
        #expect(draft.folder.migrations.last?.file == "manifests/a/\(next)_more.sql")
        #expect(draft.folder.migrations.last?.sha256 == Fingerprint(of: draft.text).hex)
    }

    @Test func `no number follows the greatest`() {
        let stamp = "20260101120000000"
        #expect(MigrationDraft(named: "more", ["A"], after: folder("999999999999999999"), stamp: stamp)?.tag == nil)
    }

    @Test func `only plain words name one`() {
        for name in ["a", "Add-x_2"] { #expect(MigrationDraft.isName(name)) }
        for name in ["", "../x", "a b", "a.b", "ü", "a/b", String(repeating: "a", count: 101)] {
            #expect(!MigrationDraft.isName(name), "\(name)")
        }
    }
}
