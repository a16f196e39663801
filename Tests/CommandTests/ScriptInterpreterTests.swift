import Testing
import TestSupport

/// The interpreter of session scripts, with the shell in the program's place.
@Suite struct ScriptInterpreterTests {
    private func play(_ text: String) async throws {
        try await ScriptSession.play(try Script(parsing: text))
    }

    private func failure(_ text: String) async -> String {
        do {
            try await play(text)
            return "nothing failed"
        } catch {
            return "\(error)"
        }
    }

    @Test func `words are split as a shell would`() throws {
        let script = try Script(parsing: #"""
            # words
            sh 'a "b" c' "d\n\"e\"" f'g h'i  # a comment
            ! sh x#y

            """#)
        #expect(script.title == "words")
        #expect(script.lines.map(\.arguments) == [["a \"b\" c", "d\n\"e\"", "fg hi"], ["x#y"]])
        #expect(script.lines.map(\.isNegated) == [false, true])
        #expect(script.lines.map(\.number) == [2, 3])
    }

    @Test func `files follow the commands, with their blank lines`() throws {
        let script = try Script(parsing: "# files\nsh true\n-- a/b.txt --\none\n\ntwo\n-- empty --\n-- last --\nx\n")
        #expect(script.files.map(\.path) == ["a/b.txt", "empty", "last"])
        #expect(script.files.map(\.content) == ["one\n\ntwo\n", "", "x\n"])
    }

    @Test func `a page without a title, an open quote and a lone bang are faults`() {
        for text in ["sh true\n", "# t\nsh 'a\n", "# t\nsh \"a\n", "# t\n!\n"] {
            #expect(throws: Script.Fault.self) { try Script(parsing: text) }
        }
    }

    @Test func `recording replaces one file's content, or adds the file`() {
        let page = "# t\nsh true\n-- a --\nold\nold\n-- b --\nkept\n"
        #expect(Script.replacing("a", with: "new\n", in: page) == "# t\nsh true\n-- a --\nnew\n-- b --\nkept\n")
        #expect(Script.replacing("b", with: "", in: page) == "# t\nsh true\n-- a --\nold\nold\n-- b --\n")
        #expect(Script.replacing("c", with: "new\n", in: page) == page + "-- c --\nnew\n")
    }

    @Test func `commands, outputs, files and variables`() async throws {
        try await play(
            """
            # the verbs that need no server
            env GREETING=hello
            sh 'echo $GREETING; cat words; pwd; echo oops >&2; exit 0'
            status 0
            stdout 'hello'
            stdout '/^t.o$/'
            stdout '${root}'
            ! stdout 'three'
            stderr 'oops'
            env GREETING
            ! sh 'test -n "$GREETING" || exit 7'
            status 7
            cmp words sub/same
            ! cmp words sub/other
            -- words --
            one
            two
            -- sub/same --
            one
            two
            -- sub/other --
            one
            """)
    }

    @Test func `a failure shows the line, the command and what it said`() async {
        let text = await failure("# shown\nsh 'echo out; echo err >&2'\nstdout 'missing'\n")
        for part in ["shown", "line 3: stdout 'missing'", "it is not there", "line 2: sh", "out\n", "err\n", "status 0"] {
            #expect(text.contains(part))
        }
    }

    @Test func `what must fail and does not is a failure, and the other way round`() async {
        #expect(await failure("# t\n! sh true\n").contains("it ended with 0"))
        #expect(await failure("# t\nsh 'exit 3'\n").contains("it ended with 3"))
        #expect(await failure("# t\nsh true\nstatus 1\n").contains("the status is 0"))
        #expect(await failure("# t\nfrobnicate\n").contains("no verb"))
        #expect(await failure("# t\nsh 'echo b'\nstdout-is a\n-- a --\nc\n").contains("+1: b"))
    }

    @Test func `output is compared without what chance makes of it`() async throws {
        try await play(
            """
            # run ids, moments and durations
            sh 'echo run 260101120000ab3z at 2026-01-01T12:00:00Z took "(12 ms)" in $PWD'
            stdout-is answer
            -- answer --
            run <run> at <time> took (<took>) in ${root}
            """)
    }

    @Test func `servers are private, take settings, and go down when told`() async throws {
        try await play(
            #"""
            # two servers
            server one
            server two work_mem=5MB
            sql one "CREATE DATABASE \"o'dd ü\""
            sql "one/o'dd ü" '<tables.sql'
            expect "one/o'dd ü" 'SELECT a, b FROM t ORDER BY a' '1 x; 2 y'
            expect two 'SHOW work_mem' '5MB'
            expect two 'SELECT count(*) FROM pg_database' '3'
            sql two 'CREATE ROLE app LOGIN'
            expect app@two 'SELECT current_user' 'app'
            ! sql two 'SELECT 1/0'
            stderr 'division by zero'
            sh 'test -S ${one}/.s.PGSQL.5432'
            stop one
            ! sql one 'SELECT 1'
            -- tables.sql --
            CREATE TABLE t (a int, b text);
            INSERT INTO t VALUES (1, 'x'), (2, 'y');
            """#)
    }
}
