import FleetModel
import Testing

@testable import ManifestLoading

@Suite struct `The YAML layer` {
    private func compose(_ text: String) -> YAMLFile { YAMLComposer.compose(Array(text.utf8), file: "a.yaml") }

    private func codes(_ bytes: [UInt8]) -> [DiagnosticCode] {
        YAMLComposer.compose(bytes, file: "a.yaml").diagnostics.map(\.code)
    }

    private func range(_ line: Int, _ start: Int, _ endLine: Int, _ end: Int) -> SourceRange {
        SourceRange(
            file: "a.yaml",
            start: SourcePosition(line: line, column: start),
            end: SourcePosition(line: endLine, column: end)
        )
    }

    @Test func `every node knows both of its ends, in characters`() throws {
        let file = compose("é日本: [\"😀\", ü]\nnext:\n  - a\n\n# comment\nlast: 1\n")
        #expect(file.diagnostics.isEmpty)
        guard case .mapping(let pairs) = try #require(file.documents.first).content else {
            Issue.record("not a mapping")
            return
        }
        #expect(file.documents[0].range == range(1, 1, 6, 8))
        #expect(pairs[0].key == Located("é日本", at: range(1, 1, 1, 4)))
        #expect(pairs[0].value.range == range(1, 6, 1, 14))
        guard case .sequence(let items) = pairs[0].value.content else { return }
        #expect(items.map(\.range) == [range(1, 7, 1, 10), range(1, 12, 1, 13)])
        // Not to where the next token begins, as libyaml has it.
        #expect(pairs[1].value.range == range(3, 3, 3, 6))
    }

    @Test(arguments: ["\n", "\r\n", "\r"])
    func `lines are counted whatever ends them`(_ end: String) {
        let file = compose("a: 1\(end)b: 2\(end)a: 3\(end)")
        #expect(file.diagnostics.map(\.range) == [range(3, 1, 3, 2)])
    }

    @Test func `a byte order mark at the beginning moves nothing`() {
        let plain = compose("a: [1]")
        let marked = compose("\u{FEFF}a: [1]")
        #expect(plain.documents == marked.documents)
        #expect(marked.diagnostics.isEmpty)
    }

    @Test(arguments: [
        ("", CoreValue.null), ("~", .null), ("null", .null), ("NULL", .null), ("nuLL", .text),
        ("true", .bool(true)), ("FALSE", .bool(false)), ("no", .text), ("on", .text), ("y", .text),
        ("0", .integer(0)), ("0123", .integer(123)), ("-7", .integer(-7)), ("+7", .integer(7)), ("0o17", .integer(15)),
        ("0x1F", .integer(31)), ("0b1", .text), ("0o8", .text), ("1_000", .text), ("22:22", .text),
        ("99999999999999999999", .integer(nil)), ("1.5", .float), (".5", .float), ("5.", .float), ("1e3", .float),
        ("1e", .text), (".", .text), ("-", .text), ("-.inf", .float), (".NaN", .float), ("+.nan", .text),
        ("2024-01-01", .text),
    ])
    func `plain scalars follow the core schema of YAML 1.2`(_ text: String, _ value: CoreValue) {
        #expect(YAMLScalar(text, style: .plain).coreValue == value)
        #expect(YAMLScalar(text, style: .quoted).coreValue == .text)
    }

    @Test func `an alias bomb is refused where it begins, not unfolded`() {
        var text = "a: &a [x, x, x, x, x, x, x, x, x]\n"
        for (previous, name) in zip("abcdefgh", "bcdefghi") {
            text += "\(name): &\(name) [*\(previous), *\(previous), *\(previous), *\(previous)]\n"
        }
        let file = compose(text)
        #expect(Set(file.diagnostics.map(\.code)) == [.yamlForbidden])
        #expect(file.diagnostics.count == 9 + 8 * 4)
    }

    @Test(arguments: ["[", "{a: ", "- ", "? "])
    func `nesting ends at 32 levels`(_ opening: String) {
        let file = compose(String(repeating: opening, count: 5000))
        #expect(file.diagnostics.map(\.code) == [.limitExceeded] || file.diagnostics.map(\.code) == [.yamlSyntax])
        #expect(!file.isComplete)
        let deepest = String(repeating: "[", count: 32) + String(repeating: "]", count: 32)
        #expect(compose(deepest).diagnostics.isEmpty)
        #expect(compose("[\(deepest)]").diagnostics.map(\.code) == [.limitExceeded])
    }

    @Test func `a file of more than 50000 nodes or 1 MB is not read on`() {
        #expect(codes(Array(("[" + String(repeating: "a,", count: 50_000) + "]").utf8)) == [.limitExceeded])
        #expect(codes(Array(("[" + String(repeating: "a,", count: 40_000) + "]").utf8)) == [])
        let big = [UInt8](repeating: UInt8(ascii: "#"), count: 1_000_001)
        #expect(codes(big) == [.limitExceeded])
        #expect(codes(Array(big.dropLast())) == [])
    }

    @Test func `more faults than anyone reads are not all kept`() {
        let anchors = compose(String(repeating: "- &a b\n", count: 1000))
        #expect(anchors.diagnostics.count == YAMLComposer.diagnosticLimit + 1)
        let controls = compose(String(repeating: "\u{7}\n", count: 1000))
        #expect(controls.diagnostics.count == YAMLComposer.diagnosticLimit)
    }

    @Test(arguments: [
        ([0x61, 0x3A, 0x20, 0xFF], DiagnosticCode.yamlSyntax),
        ([0x61, 0x3A, 0x20, 0xC3], .yamlSyntax),
        ([0x61, 0x3A, 0x20, 0xED, 0xA0, 0x80], .yamlSyntax),
        ([0x61, 0x3A, 0x20, 0xC0, 0x80], .yamlSyntax),
        ([0xFF, 0xFE, 0x61, 0x00], .yamlSyntax),
        ([0x61, 0x3A, 0x20, 0x00], .yamlForbidden),
        ([0x61, 0x3A, 0x20, 0x1B], .yamlForbidden),
        ([0x61, 0x3A, 0x20, 0x7F], .yamlForbidden),
        (Array("a: \u{85}b".utf8), .yamlForbidden),
        (Array("a: \u{2028}b".utf8), .yamlForbidden),
        (Array("a: \u{202E}b".utf8), .yamlForbidden),
        (Array("a: \u{FEFF}b".utf8), .yamlForbidden),
    ])
    func `bytes that are not plain text are refused at their place`(_ bytes: [UInt8], _ code: DiagnosticCode) {
        let file = YAMLComposer.compose(bytes, file: "a.yaml")
        #expect(file.diagnostics.map(\.code) == [code])
        #expect(!file.isComplete)
        if bytes[0] != 0xFF { #expect(file.diagnostics.first?.range?.start.column == 4) }
    }

    @Test(arguments: [
        ("a:\tb", [3]), ("a:\n\tb: c", [1]), ("\ta: b", [1]), ("a: b\t", [5]), ("a: [b,\tc]", [7]),
        ("a: \"x\ty\"", []), ("a: x\ty", []), ("a: |\n  x\ty\n", []), ("a: b # x\ty", []), ("a: '# x'\t", [9]),
        ("# x\n#\ty\na: b", []),
    ])
    func `tabs may stand in text and comments only`(_ text: String, _ columns: [Int]) {
        let file = compose(text)
        #expect(file.diagnostics.allSatisfy { $0.code == .yamlForbidden })
        #expect(file.diagnostics.map(\.range?.start.column) == columns)
    }

    @Test func `a page cut or changed anywhere never crashes the parser`() {
        // Every prefix of a page with one of everything, and every bit of it turned over.
        let page = Array(
            "%YAML 1.2\n---\na: &x [*x, !t 'q', \"\\u00e9\\x00\"]\n? {b: c}\n: |+2\n   é\n...\n--- >\n t\n".utf8
        )
        for length in 0...page.count { _ = YAMLComposer.compose(Array(page[..<length]), file: "a.yaml") }
        for index in page.indices {
            for bit in 0..<8 {
                var changed = page
                changed[index] ^= 1 << bit
                _ = YAMLComposer.compose(changed, file: "a.yaml")
            }
        }
    }
}
