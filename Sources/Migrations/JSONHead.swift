/// The values right below the top of a JSON document, each with its place.
///
/// What is nested deeper is only looked through for what JSON cannot hold, as the marks of a merge conflict: a snapshot of
/// drizzle-kit describes a whole schema, and only its first few keys matter here.
struct JSONHead {
    enum Value: Equatable {
        case text(String)
        /// An array of texts alone.
        case texts([String])
        case other
    }

    private(set) var values: [String: Value] = [:]
    private(set) var ranges: [String: Range<Int>] = [:]
    /// Where the text stops being JSON.
    private(set) var fault: Int?

    init(_ bytes: [UInt8]) {
        bytes.withUnsafeBufferPointer { buffer in
            var reader = HeadReader(bytes: buffer)
            do throws(HeadReader.Fault) {
                try reader.document()
            } catch {
                fault = error.offset
            }
            (values, ranges) = (reader.values, reader.ranges)
        }
    }

    /// The place of a value; the beginning of the document where there is none.
    func range(of key: String) -> Range<Int> { ranges[key] ?? 0..<0 }

    func text(_ key: String) -> String? {
        guard case .text(let text) = values[key] else { return nil }
        return text
    }

    func texts(_ key: String) -> [String]? {
        guard case .texts(let texts) = values[key] else { return nil }
        return texts
    }
}

private struct HeadReader {
    struct Fault: Error {
        var offset: Int
    }

    let bytes: UnsafeBufferPointer<UInt8>
    var offset = 0
    var values: [String: JSONHead.Value] = [:]
    var ranges: [String: Range<Int>] = [:]

    init(bytes: UnsafeBufferPointer<UInt8>) {
        self.bytes = bytes
    }

    mutating func document() throws(Fault) {
        skipSpace()
        try expect(UInt8(ascii: "{"))
        skipSpace()
        if current == UInt8(ascii: "}") {
            offset += 1
        } else {
            try member()
            while current == UInt8(ascii: ",") {
                offset += 1
                skipSpace()
                try member()
            }
            try expect(UInt8(ascii: "}"))
        }
        skipSpace()
        if offset < bytes.count { throw Fault(offset: offset) }
    }

    private var current: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    private mutating func skipSpace() {
        while let byte = current, byte == 0x20 || (0x09...0x0D).contains(byte) { offset += 1 }
    }

    private mutating func expect(_ byte: UInt8) throws(Fault) {
        guard current == byte else { throw Fault(offset: offset) }
        offset += 1
    }

    /// A key, its value and the space after it.
    private mutating func member() throws(Fault) {
        let key = try string()
        skipSpace()
        try expect(UInt8(ascii: ":"))
        skipSpace()
        let start = offset
        switch current {
        case UInt8(ascii: "\""):
            values[key] = .text(try string())
            ranges[key] = start..<offset
        case UInt8(ascii: "["):
            values[key] = try array()
            // A container is pointed at by its bracket.
            ranges[key] = start..<(start + 1)
        default:
            try skip()
            values[key] = .other
            ranges[key] = start..<(start + 1)
        }
        skipSpace()
    }

    /// The texts of an array; anything else in it is only looked through.
    private mutating func array() throws(Fault) -> JSONHead.Value {
        let start = offset
        offset += 1
        var texts: [String] = []
        skipSpace()
        while current == UInt8(ascii: "\"") {
            texts.append(try string())
            skipSpace()
            guard current == UInt8(ascii: ",") else { break }
            offset += 1
            skipSpace()
        }
        if current == UInt8(ascii: "]") {
            offset += 1
            return .texts(texts)
        }
        offset = start
        try skip()
        return .other
    }

    /// A text between its quotes; escapes stay as they are written, as none is needed in an id.
    private mutating func string() throws(Fault) -> String {
        let start = offset
        try skipString()
        return String(decoding: bytes[(start + 1)..<(offset - 1)], as: UTF8.self)
    }

    private mutating func skipString() throws(Fault) {
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

    /// One value, whatever is in it: brackets must match, and nothing may stand there that JSON has no use for.
    private mutating func skip() throws(Fault) {
        var open: [UInt8] = []
        let start = offset
        repeat {
            guard let byte = current else { throw Fault(offset: start) }
            switch byte {
            case UInt8(ascii: "\""): try skipString()
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                // `}` and `]` are two above what opens them.
                open.append(byte + 2)
                offset += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                guard open.popLast() == byte else { throw Fault(offset: offset) }
                offset += 1
            case UInt8(ascii: ","), UInt8(ascii: ":"), 0x20, 0x09...0x0D:
                guard !open.isEmpty else { throw Fault(offset: offset) }
                offset += 1
            default: try scalar()
            }
        } while !open.isEmpty
    }

    private mutating func scalar() throws(Fault) {
        let start = offset
        while let byte = current, byte.continuesIdentifier || "+-.".utf8.contains(byte) { offset += 1 }
        let text = String(decoding: bytes[start..<offset], as: UTF8.self)
        guard ["true", "false", "null"].contains(text) || Double(text) != nil else { throw Fault(offset: start) }
    }
}
