@testable import Migrations
import Testing

@Suite struct JSONOutlineTests {
    @Test func `every value has its place`() {
        let text = #"{"a": [1, {"b": "x\"y"}], "c": null}"#
        let outline = JSONOutline(Array(text.utf8))
        #expect(outline.fault == nil)
        #expect(outline.range(of: "/a/0") == 7..<8)
        #expect(outline.range(of: "/a/1/b") == 16..<22)
        #expect(outline.range(of: "/c") == 31..<35)
        #expect(outline.range(of: "/a/1/nothing/here") == 10..<11)
    }

    @Test(arguments: [
        ("", 0), ("{", 1), ("[1,]", 3), ("[1 2]", 3), (#"{"a" 1}"#, 5), (#"{"a": tru}"#, 6), ("[1]]", 3),
        (#"["abc"#, 1), ("\u{FEFF}[]", 0), (#"{"a":1,}"#, 7), (#"["\"#, 1),
    ])
    func `the first byte that is not JSON is found`(_ text: String, _ offset: Int) {
        #expect(JSONOutline(Array(text.utf8)).fault == offset)
    }

    @Test func `deep nesting is a fault and no crash`() {
        let text = String(repeating: "[", count: 100_000)
        #expect(JSONOutline(Array(text.utf8)).fault == 32)
    }
}
