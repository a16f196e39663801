import FleetModel
import Testing

@Suite struct JSONTests {
    // RFC 8785, section 3.2.3: keys in UTF-16 order, its own example without the numbers that are no integers.
    @Test func `keys are sorted by UTF-16 code units`() throws {
        let text = """
            {"\\u20ac":"Euro Sign","\\r":"Carriage Return","\\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One",
             "\\ud83d\\ude00":"Emoji: Grinning Face","\\u0080":"Control","\\u00f6":"Latin Small Letter O With Diaeresis"}
            """
        let canonical = try JSONValue(parsing: text.utf8).text
        #expect(
            canonical == """
                {"\\r":"Carriage Return","1":"One","\u{80}":"Control","ö":"Latin Small Letter O With Diaeresis",\
                "€":"Euro Sign","😀":"Emoji: Grinning Face","\u{FB33}":"Hebrew Letter Dalet With Dagesh"}
                """
        )
    }

    // RFC 8785, section 3.2.2: the string of its example.
    @Test func `strings are escaped no more than they must be`() throws {
        let text = #"{"string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]}"#
        #expect(
            try JSONValue(parsing: text.utf8).text
                == #"{"literals":[null,true,false],"string":"€$\u000f\nA'B\"\\\\\"/"}"#
        )
    }

    @Test func `what is canonical stays as it is`() throws {
        for text in [#"{"a":[1,-2,9007199254740991],"b":{"":""}}"#, "[]", "{}", "0", #""\b\f\t\u0000""#] {
            #expect(try JSONValue(parsing: text.utf8).text == text)
        }
    }

    @Test(arguments: [
        ("", "ends too early"), ("{", "key"), (#"{"a":1,"a":2}"#, "twice"), ("[1,]", "no value"), ("[1 2]", "comma"),
        ("1.5", "whole numbers"), ("1e3", "whole numbers"), ("01", "no number"), ("-0", "no number"),
        ("9007199254740992", "no number"), ("-", "no number"), (#""\ud800""#, "surrogate"), (#""\udc00""#, "surrogate"),
        (#""\ud800\u0041""#, "surrogate"), (#""\x""#, "escape"), (#""\u12g4""#, "hexadecimal"), ("\"a\nb\"", "control"),
        ("\"a", "not closed"), ("nul", "no value"), ("true false", "after"), (#"{"a" 1}"#, "colon"), ("{a:1}", "key"),
        (String(repeating: "[", count: 100), "deeply"), ("\u{FEFF}1", "no value"),
    ])
    func `what is not strict JSON is refused`(text: String, why: String) {
        let error = #expect(throws: JSONError.self) { try JSONValue(parsing: text.utf8) }
        #expect(error?.message.contains(why) == true, "\(error.map(String.init(describing:)) ?? "")")
    }

    @Test func `bytes that are no UTF-8 are refused`() {
        #expect(throws: JSONError.self) { try JSONValue(parsing: [0x22, 0xFF, 0x22]) }
        #expect(throws: JSONError.self) { try JSONValue(parsing: [0x22, 0xED, 0xA0, 0x80, 0x22]) }
    }

    @Test func `keys that look alike but are spelled with other bytes are two`() throws {
        let value = try JSONValue(parsing: "{\"\u{E9}\":1,\"e\u{301}\":2}".utf8)
        #expect(value["\u{E9}"] == 1)
        #expect(value["e\u{301}"] == 2)
    }
}
