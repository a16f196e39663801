@testable import Migrations
import Testing

/// One text and the statements in it.
struct SplitCase: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var text: String
    var statements: [String]

    init(_ name: String, _ text: String, _ statements: String...) {
        testDescription = name
        self.text = text
        self.statements = statements
    }

    static let all = [
        SplitCase("nothing", ""),
        SplitCase("only comments and semicolons", " ;; -- a;\n/* b; */ ; "),
        SplitCase(
            "comments around are left out, comments within stay",
            "-- a\nA -- b;\nB /* c */;-- d\nC",
            "A -- b;\nB",
            "C"
        ),
        SplitCase("standard strings know no escapes", #"A 'a\'; B '''; ' ; "#, #"A 'a\'"#, "B '''; '"),
        SplitCase("E strings do", #"A E'\';'; B e'\\'; C"#, #"A E'\';'"#, #"B e'\\'"#, "C"),
        SplitCase("an identifier that ends in e is no prefix", #"A type'\'; B"#, #"A type'\'"#, "B"),
        SplitCase("a string goes on after a line break", "A E'a' -- c;\n '\\'; B'; C", "A E'a' -- c;\n '\\'; B'", "C"),
        SplitCase("but not on the same line", #"A E'a' '\'; B"#, #"A E'a' '\'"#, "B"),
        SplitCase("U& strings and names", #"A U&'\'; B U&"\"";"; C"#, #"A U&'\'"#, #"B U&"\"";""#, "C"),
        SplitCase("quoted names", #"A "a;""b;'"; B"#, #"A "a;""b;'""#, "B"),
        SplitCase("dollar quotes", "A $$;'$$; B $a$;$$;$b$;$a;$a$; C", "A $$;'$$", "B $a$;$$;$b$;$a;$a$", "C"),
        SplitCase("a tag that begins where another failed", "A $a$ $b$a$; B", "A $a$ $b$a$", "B"),
        SplitCase(
            "no dollar quotes: parameters and names",
            "A $1; B a$b$; C $1$; D $",
            "A $1",
            "B a$b$",
            "C $1$",
            "D $"
        ),
        SplitCase("tags beyond ASCII", "A $ü$;$ü$; B", "A $ü$;$ü$", "B"),
        SplitCase("nested comments", "A /* /* ; */ ; */ B; C", "A /* /* ; */ ; */ B", "C"),
        SplitCase("operators next to comments", "A 1+--;\n2; B 1*/*;*/2; C", "A 1+--;\n2", "B 1*/*;*/2", "C"),
        SplitCase("a carriage return ends a comment too", "A -- b\r; C", "A", "C"),
        SplitCase(
            "rules with several actions",
            "CREATE RULE r AS ON INSERT TO t DO (A; B); C",
            "CREATE RULE r AS ON INSERT TO t DO (A; B)",
            "C"
        ),
        SplitCase("a parenthesis too many", "A ); B", "A )", "B"),
        SplitCase(
            "functions in SQL",
            "CREATE FUNCTION f(a int) RETURNS int BEGIN ATOMIC A; B; END; C",
            "CREATE FUNCTION f(a int) RETURNS int BEGIN ATOMIC A; B; END",
            "C"
        ),
        SplitCase(
            "CASE within them",
            "create or replace procedure p() begin atomic A case when b then case c end end; B; end; D",
            "create or replace procedure p() begin atomic A case when b then case c end end; B; end",
            "D"
        ),
        SplitCase(
            "columns named end and case",
            "CREATE FUNCTION f() BEGIN ATOMIC SELECT 1 AS end, 2 AS case, t.end; A; END; B",
            "CREATE FUNCTION f() BEGIN ATOMIC SELECT 1 AS end, 2 AS case, t.end; A; END",
            "B"
        ),
        SplitCase(
            "BEGIN elsewhere is a statement",
            "BEGIN; A; END; CREATE TABLE atomic (begin int); B",
            "BEGIN",
            "A",
            "END",
            "CREATE TABLE atomic (begin int)",
            "B"
        ),
        SplitCase(
            "drizzle's breaks are comments",
            "A;\n--> statement-breakpoint\nB;--> statement-breakpoint\nC",
            "A",
            "B",
            "C"
        ),
        SplitCase("what is not closed is the rest", "A; B 'c; D", "A", "B 'c; D"),
    ]
}

@Suite struct StatementSplitterTests {
    @Test(arguments: SplitCase.all)
    func `a text is split where PostgreSQL would`(_ example: SplitCase) {
        #expect(StatementSplitter.split(example.text).map(\.sql) == example.statements)
    }

    @Test func `the data of COPY belong to it`() throws {
        let text = "COPY a FROM stdin;\r\n1\t;'\r\n\\.\r\nB;\ncopy b (c) from STDIN with (format csv) ;\n\\.\nC"
        let statements = StatementSplitter.split(text)
        #expect(statements.map(\.sql) == ["COPY a FROM stdin", "B", "copy b (c) from STDIN with (format csv)", "C"])
        #expect(statements.map(\.copyData) == ["1\t;'\r\n", nil, "", nil])
        #expect(statements.map(\.line) == [1, 4, 5, 7])
    }

    @Test func `only COPY from standard input has data`() {
        let statements = StatementSplitter.split(
            "COPY (SELECT 1 FROM stdin) TO stdout;\nA;\nCOPY \"from\" TO stdin;\nB"
        )
        #expect(statements.map(\.copyData) == [nil, nil, nil, nil])
    }

    @Test func `a statement's line is that of its first word`() {
        let statements = StatementSplitter.split("\n-- a\n  A\n B;\n/* c\n */ C; D 'x\n'; E")
        #expect(statements.map(\.line) == [3, 6, 6, 7])
    }

    @Test(arguments: 0..<400)
    func `pieces and what lies between them are the text`(_ seed: UInt64) {
        var random = Seeded(state: seed)
        let bytes = Array(SQLFragments.text(using: &random).utf8)
        let scan = StatementScan(bytes)
        var end = 0
        for piece in scan.pieces {
            #expect(piece.sql.lowerBound >= end && !piece.sql.isEmpty)
            end = max(piece.sql.upperBound, piece.copyData?.upperBound ?? 0)
        }
        #expect(end <= bytes.count)
        // Between statements there are only comments, semicolons, commands of psql and the end of COPY's data.
        guard !scan.faults.found.contains(where: { $0.kind.isCommand }) else { return }
        var covered = Set<Int>()
        for piece in scan.pieces {
            covered.formUnion(piece.sql)
            covered.formUnion(piece.copyData ?? 0..<0)
        }
        let gaps = String(decoding: bytes.indices.map { covered.contains($0) ? 0x0A : bytes[$0] }, as: UTF8.self)
        #expect(StatementSplitter.split(gaps.replacing("\\.", with: "")).isEmpty)
    }

    @Test(arguments: 0..<200)
    func `random bytes never crash it`(_ seed: UInt64) {
        var random = Seeded(state: seed)
        let alphabet =
            Array("'\"$$;;--/**/()eEuU&\\ \n\rbegin atomic end copy from stdin.\u{FF}".utf8) + [0, 0x80, 0xFF]
        let bytes = (0..<Int.random(in: 0...300, using: &random)).map { _ in alphabet.randomElement(using: &random) ?? 0
        }
        let scan = StatementScan(bytes, statementBreak: "--> statement-breakpoint")
        #expect(scan.pieces.allSatisfy { $0.sql.upperBound <= bytes.count })
    }

    /// Quadratic work on two million bytes would take hours; no clock has to be read to see that.
    @Test(
        .timeLimit(.minutes(2)),
        arguments: ["'", "$a$ ", "$a", "/*", "E'a'\n", "--\n", "(", "\\x ", "COPY a FROM stdin;\n", "$$ password '"]
    )
    func `the time is linear in the length`(_ unit: String) {
        let bytes = Array(String(repeating: unit, count: 2_000_000 / unit.utf8.count).utf8)
        #expect(StatementScan(bytes).pieces.allSatisfy { $0.sql.upperBound <= bytes.count })
    }
}

extension ScanFaults.Kind {
    fileprivate var isCommand: Bool {
        if case .metaCommand = self { true } else { false }
    }
}

/// Pieces of SQL, joined at random.
private enum SQLFragments {
    static let all = [
        "SELECT 1", ";", ";\n", "'a'", "'it''s'", "E'\\''", "$$ ; $$", "$t$ ' $t$", "\"n;\"", "-- c;\n", "/* ; */", "(",
        ")",
        "CREATE FUNCTION f() RETURNS int", " BEGIN ATOMIC ", " CASE ", " END", "COPY a FROM stdin;\n", "1\t2\n",
        "\\.\n", "ü",
        " AS ", "\n", " ", "DO ", "'", "$$", "/*", "U&'\\0041'", "b'0'",
    ]

    static func text(using random: inout Seeded) -> String {
        (0..<Int.random(in: 0...40, using: &random)).map { _ in all.randomElement(using: &random) ?? "" }.joined()
    }
}

/// SplitMix64: the same numbers for the same seed, everywhere.
struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
