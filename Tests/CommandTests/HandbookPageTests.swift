import Testing
import TestSupport

/// How pages are read and typed, with the shell in the program's place.
@Suite struct HandbookPageTests {
    private func failure(_ page: String) async -> String {
        do {
            let script = try Script(parsing: "# a page\n")
            try await ScriptSession.play(script, page: HandbookPage("page.md", parsing: page))
            return ""
        } catch {
            return "\(error)"
        }
    }

    @Test func `blocks are read with what comments say of them`() throws {
        let page = HandbookPage(
            "page.md",
            parsing: """
                # A page
                <!-- runs: shop -->

                <!-- file: a/b.yaml -->
                ```yaml
                a: 1
                ```
                ```yaml
                prose: true
                ```
                1. In a list:

                   ```sh
                   true
                     indented
                   ```

                <!-- not run: it takes a day -->

                ```console
                $ sleep 86400
                ```
                <!-- not run: this mark is lost -->
                Words come between.
                ```bash
                false
                ```
                """
        )
        #expect(page.stage == "shop")
        #expect(page.blocks.map(\.use) == [.file("a/b.yaml"), .shell, .notRun("it takes a day"), .shell])
        #expect(page.blocks.map(\.text) == ["a: 1\n", "true\n  indented\n", "$ sleep 86400\n", "false\n"])
        #expect(page.blocks.map(\.line) == [5, 13, 20, 25])
    }

    @Test func `files, commands and what they print`() async {
        let page = """
            <!-- file: folder/words -->
            ```text
            one
            two
            ```
            ```console
            $ cat folder/words
            one
            two
            $ echo one; echo oops >&2
            one
            oops
            $ exit 3
            $ echo $?
            3
            $ printf '%s\\n' a b \\
            >   c; true
            …
            c
            ```
            ```sh
            test -f folder/words   # quiet
            reconcile --version
            ```
            """
        #expect(await failure(page).isEmpty)
    }

    @Test func `what is not as the page shows is a fault, with its place`() async {
        let different = await failure("\n```console\n$ echo two\none\n```\n")
        for part in ["page.md:3", "shown\none", "printed\ntwo"] { #expect(different.contains(part)) }
        #expect(await failure("```console\n$ exit 3\n```\n").contains("it ended with 3, and the page does not say so"))
        #expect(await failure("```console\n$ exit 3\n$ echo $?\n4\n```\n").contains("printed\n3"))
        #expect(await failure("```sh\ntrue\nfalse\ntrue\n```\n").contains("page.md:1: it ended with 1"))
        #expect(await failure("```console\nwords\n```\n").contains("no command stands before it"))
    }

    @Test(arguments: [
        ("a\n…\nc\n", "a\nb\nb\nc\n", true),
        ("a\n…\nc\n", "a\nc\n", true),
        ("a\n…\nc\n", "a\nb\n", false),
        ("a\n", "a\nb\n", false),
        ("a\nb\n", "a\n", false),
        ("", "a\n", false),
        ("a … c\n", "a b c\n", true),
        ("a … c … e\n", "a b c d e\n", true),
        ("a … c\n", "a c\n", false),
        ("…b\n", "aab\n", true),
        ("shop  8.1 MB  12 ms\n", "shop     10 GB  3.5 s\n", true),
        ("shop  8.1 MB\n", "shop  8 tables\n", false),
        ("3 owed\n", "4 owed\n", false),
    ])
    func `an excerpt leaves out what it says it leaves out, and nothing more`(shown: String, output: String, fits: Bool)
    {
        #expect((Excerpt.difference(shown: shown, output: output) == nil) == fits)
    }
}
