/// Where each value of a JSON document begins, so that a fault in one can be pointed at.
///
/// It reads the structure only; the values are a decoder's business. What is nested deeper than anyone asks for, stands
/// below a key longer than any that is known, or comes after more values than a journal has, is looked through only:
/// kept with its path, a hostile file would take its own size once for each of its values.
struct JSONOutline {
    fileprivate static let deepestPlace = 3
    fileprivate static let longestKey = 64
    fileprivate static let mostPlaces = 100_000

    /// The place of a value by its path, as in `/entries/3/tag`; the document itself is the empty path.
    private(set) var ranges: [String: Range<Int>] = [:]
    /// Where the text stops being JSON.
    private(set) var fault: Int?

    init(_ bytes: [UInt8]) {
        var reader = Reader(bytes: bytes)
        do throws(Reader.Fault) {
            try reader.value(at: "", depth: 0)
            reader.skipSpace()
            if reader.offset < bytes.count { throw Reader.Fault(offset: reader.offset) }
        } catch {
            fault = error.offset
        }
        ranges = reader.ranges
    }

    /// The range of a value, or of the nearest one around it.
    func range(of path: String) -> Range<Int> {
        var path = Substring(path)
        while true {
            if let range = ranges[String(path)] { return range }
            guard let slash = path.lastIndex(of: "/") else { return 0..<0 }
            path = path[..<slash]
        }
    }
}

private struct Reader {
    struct Fault: Error {
        var offset: Int
    }

    let bytes: [UInt8]
    var offset = 0
    var ranges: [String: Range<Int>] = [:]

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    private var current: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    mutating func skipSpace() {
        while let byte = current, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { offset += 1 }
    }

    /// Without a path its place is not kept.
    mutating func value(at path: String?, depth: Int) throws(Fault) {
        skipSpace()
        let start = offset
        switch current {
        // A container is pointed at by its bracket; its end is nobody's interest.
        case UInt8(ascii: "{") where depth < 32:
            keep(start..<(start + 1), at: path)
            try object(at: path, depth: depth)
        case UInt8(ascii: "[") where depth < 32:
            keep(start..<(start + 1), at: path)
            try array(at: path, depth: depth)
        case UInt8(ascii: "\""):
            try string()
            keep(start..<offset, at: path)
        default:
            try scalar()
            keep(start..<offset, at: path)
        }
    }

    private mutating func keep(_ range: Range<Int>, at path: String?) {
        guard let path, ranges.count < JSONOutline.mostPlaces else { return }
        ranges[path] = range
    }

    /// The path of what is right below another; nil where nobody asks for it.
    private func below(_ path: String?, depth: Int, _ key: Range<Int>) -> String? {
        guard let path, depth < JSONOutline.deepestPlace, key.count <= JSONOutline.longestKey else { return nil }
        return "\(path)/\(String(decoding: bytes[key], as: UTF8.self))"
    }

    private mutating func object(at path: String?, depth: Int) throws(Fault) {
        offset += 1
        if try closes(UInt8(ascii: "}"), first: true) { return }
        repeat {
            skipSpace()
            let start = offset
            try string()
            let key = (start + 1)..<(offset - 1)
            skipSpace()
            try expect(UInt8(ascii: ":"))
            try value(at: below(path, depth: depth, key), depth: depth + 1)
        } while try !closes(UInt8(ascii: "}"), first: false)
    }

    private mutating func array(at path: String?, depth: Int) throws(Fault) {
        offset += 1
        if try closes(UInt8(ascii: "]"), first: true) { return }
        var index = 0
        repeat {
            let isKept = depth < JSONOutline.deepestPlace && ranges.count < JSONOutline.mostPlaces
            try value(at: isKept ? path.map { "\($0)/\(index)" } : nil, depth: depth + 1)
            index += 1
        } while try !closes(UInt8(ascii: "]"), first: false)
    }

    /// Takes the closing bracket, or between two elements the comma.
    private mutating func closes(_ bracket: UInt8, first: Bool) throws(Fault) -> Bool {
        skipSpace()
        if current == bracket {
            offset += 1
            return true
        }
        if !first { try expect(UInt8(ascii: ",")) }
        return false
    }

    private mutating func expect(_ byte: UInt8) throws(Fault) {
        guard current == byte else { throw Fault(offset: offset) }
        offset += 1
    }

    private mutating func string() throws(Fault) {
        let start = offset
        try expect(UInt8(ascii: "\""))
        while let byte = current {
            offset += 1
            if byte == UInt8(ascii: "\"") { return }
            if byte == UInt8(ascii: "\\") { offset += 1 }
            if byte < 0x20 { throw Fault(offset: offset - 1) }
        }
        throw Fault(offset: start)
    }

    private mutating func scalar() throws(Fault) {
        let start = offset
        while let byte = current, byte.continuesIdentifier || "+-.".utf8.contains(byte) { offset += 1 }
        let text = String(decoding: bytes[start..<offset], as: UTF8.self)
        guard ["true", "false", "null"].contains(text) || Double(text) != nil else { throw Fault(offset: start) }
    }
}
