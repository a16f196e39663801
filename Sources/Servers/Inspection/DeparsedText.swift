/// A definition in the server's own words (a view, a rule, a function's body) with casts of whole arrays written as casts
/// of their elements, for the reason that `NodeTree.arraysUncast` gives.
enum DeparsedText {
    private static let open = Array("((ARRAY[".utf8)

    /// `((ARRAY['a'::varchar, 'b'::varchar])::text[])` becomes `(ARRAY[('a'::varchar)::text, ('b'::varchar)::text])`.
    static func append(_ text: ArraySlice<UInt8>, to out: inout [UInt8]) {
        var index = text.startIndex
        var quote: UInt8 = 0
        while index < text.endIndex {
            let byte = text[index]
            if quote != 0 {
                if byte == quote { quote = 0 }
            } else if byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"") {
                quote = byte
            } else if byte == open[0], text[index...].starts(with: open), let cast = Cast(text, at: index) {
                out.append(contentsOf: "(ARRAY[".utf8)
                for (place, element) in cast.elements.enumerated() {
                    out.append(contentsOf: (place == 0 ? "(" : ", (").utf8)
                    append(text[element], to: &out)
                    out.append(contentsOf: ")::".utf8)
                    out.append(contentsOf: text[cast.type])
                }
                out.append(contentsOf: "])".utf8)
                index = cast.end
                continue
            }
            out.append(byte)
            index += 1
        }
    }

    private struct Cast {
        var elements: [Range<Int>] = []
        var type: Range<Int>
        var end: Int

        init?(_ text: ArraySlice<UInt8>, at start: Int) {
            var index = start + open.count
            var first = index
            var depth = 0
            var quote: UInt8 = 0
            scan: while index < text.endIndex {
                let byte = text[index]
                if quote != 0 {
                    if byte == quote { quote = 0 }
                } else {
                    switch byte {
                    case UInt8(ascii: "'"), UInt8(ascii: "\""): quote = byte
                    case UInt8(ascii: "("), UInt8(ascii: "["): depth += 1
                    case UInt8(ascii: "]") where depth == 0: break scan
                    case UInt8(ascii: ")"), UInt8(ascii: "]"): depth -= 1
                    case UInt8(ascii: ",") where depth == 0:
                        elements.append(first..<index)
                        // `, `
                        first = index + 2
                    default: break
                    }
                }
                index += 1
            }
            guard index < text.endIndex, first < index else { return nil }
            elements.append(first..<index)
            let close = Array("])::".utf8)
            guard text[index...].starts(with: close) else { return nil }
            let typeStart = index + close.count
            var typeEnd = typeStart
            while typeEnd < text.endIndex, text[typeEnd] != UInt8(ascii: "["), text[typeEnd] != UInt8(ascii: ")") {
                typeEnd += 1
            }
            let tail = Array("[])".utf8)
            guard text[typeEnd...].starts(with: tail) else { return nil }
            type = typeStart..<typeEnd
            end = typeEnd + tail.count
        }
    }
}
