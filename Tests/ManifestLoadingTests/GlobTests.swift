import FleetModel
import Testing

@Suite struct `Patterns over names` {
    @Test(arguments: [
        ("tenant_*", "tenant_1", true), ("tenant_*", "tenant_", true), ("tenant_*", "tenant", false),
        ("*", "", true), ("", "", true), ("", "a", false), ("?", "é", true), ("?", "", false), ("a?c", "abc", true),
        ("*_*_*", "a_b_c", true), ("*_*_*", "a_b", false), ("a*b*c", "aXbXbXc", true), ("a*b", "ac", false),
        ("[a-c]x", "bx", true), ("[a-c]x", "dx", false), ("[!a-c]x", "dx", true), ("[^a]x", "ax", false),
        ("[]]", "]", true), ("[a-]", "-", true), ("a.b", "axb", false), ("tenant_*", "TENANT_1", false),
        ("it's*", "it's", true), ("a\\*", "a\\b", true),
    ])
    func `a pattern takes what it says`(_ pattern: String, _ name: String, _ isTaken: Bool) throws {
        #expect(try #require(Glob(pattern)).matches(name) == isTaken)
    }

    @Test(arguments: ["[", "a[b", "[]", "[z-a]"])
    func `a pattern that cannot be meant is none`(_ pattern: String) {
        #expect(Glob(pattern) == nil)
    }

    @Test func `no pattern takes long`() throws {
        let glob = try #require(Glob(String(repeating: "*a", count: 30) + "b"))
        #expect(!glob.matches(String(repeating: "a", count: 5000)))
    }
}
