import Planning
import Testing

@Suite struct GlobTests {
    @Test(arguments: [
        ("tenant_*", "tenant_1", true), ("tenant_*", "tenant_", true), ("tenant_*", "xtenant_1", false),
        ("*", "", true), ("", "", true), ("", "a", false), ("a?c", "abc", true), ("a?c", "ac", false),
        ("[abc]x", "bx", true), ("[!abc]x", "bx", false), ("[a-c]*", "cat", true), ("[]]", "]", true),
        ("[a-", "[a-", true), ("a[", "a[", true), ("\\*", "*", true), ("\\*", "x", false), ("*a*b", "xxaxxb", true),
        ("*a*b", "xxaxx", false), ("ünï*", "ünï.code", true), ("?", "🐘", true), ("***a", "bca", true),
    ])
    func `a pattern matches whole names as a shell would`(pattern: String, name: String, matches: Bool) {
        #expect(Glob(pattern).matches(name) == matches)
    }

    @Test func `a pattern of many stars takes no time that matters`() {
        let pattern = Glob(String(repeating: "a*", count: 30) + "b")
        #expect(!pattern.matches(String(repeating: "a", count: 2000)))
    }
}
