import FleetModel

/// Tells the tabs inside scalars and comments from those that separate or indent.
struct TabAllowance {
    private let text: SourceText
    private var scalars: [SourceRange] = []

    init(_ text: SourceText) {
        self.text = text
    }

    mutating func allowScalars(of node: YAMLNode) {
        switch node.content {
        case .scalar, .unusable: scalars.append(node.range)
        case .sequence(let items): for item in items { allowScalars(of: item) }
        case .mapping(let pairs):
            for pair in pairs {
                scalars.append(pair.key.range)
                allowScalars(of: pair.value)
            }
        }
    }

    /// The tabs outside of all scalars and comments, in order; one a line is enough.
    func refused() -> [SourcePosition] {
        let ordered = scalars.sorted { $0.start < $1.start }
        var next = 0
        var lines = LineScanner(text.bytes)
        var refused: [SourcePosition] = []
        for tab in text.tabs {
            while next < ordered.count, ordered[next].end <= tab { next += 1 }
            if next < ordered.count, ordered[next].start <= tab { continue }
            // What begins a comment may itself stand inside a scalar: only a `#` after the last scalar's end counts.
            let from = next > 0 && ordered[next - 1].end.line == tab.line ? ordered[next - 1].end.column : 1
            if lines.hasComment(onLine: tab.line, from: from, before: tab.column) { continue }
            if refused.last?.line != tab.line { refused.append(tab) }
        }
        return refused
    }
}

/// Walks a file's lines forwards, once.
private struct LineScanner {
    private let bytes: [UInt8]
    private var line = 1
    private var start = 0
    private var commentColumns: [Int]?

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Whether a comment begins on the line in these columns (from inclusive, before exclusive).
    mutating func hasComment(onLine wanted: Int, from: Int, before: Int) -> Bool {
        while line < wanted, start < bytes.count {
            var end = start
            while end < bytes.count, bytes[end] != 0x0A, bytes[end] != 0x0D { end += 1 }
            if end + 1 < bytes.count, bytes[end] == 0x0D, bytes[end + 1] == 0x0A { end += 1 }
            start = end + 1
            line += 1
            commentColumns = nil
        }
        let columns = commentColumns ?? possibleComments()
        commentColumns = columns
        guard let first = columns.first(where: { $0 >= from }) else { return false }
        return first < before
    }

    /// Columns of `#` at the beginning of the line or after white space.
    private func possibleComments() -> [Int] {
        var columns: [Int] = []
        var column = 1
        var previous: UInt8 = 0x20
        for byte in bytes[start...] {
            if byte == 0x0A || byte == 0x0D { break }
            if byte == UInt8(ascii: "#"), previous == 0x20 || previous == 0x09 { columns.append(column) }
            // Continuation bytes of UTF-8 begin no character.
            if byte & 0xC0 != 0x80 { column += 1 }
            previous = byte
        }
        return columns
    }
}
