internal import FleetModel

/// Where the lines of a text begin, to turn offsets into places a person can find.
struct LineIndex {
    private let bytes: [UInt8]
    private let starts: [Int]

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        var starts = [0]
        for (offset, byte) in bytes.enumerated() where byte == 0x0A { starts.append(offset + 1) }
        self.starts = starts
    }

    /// 1-based.
    func line(of offset: Int) -> Int {
        var low = 0
        var high = starts.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if starts[middle] <= offset { low = middle } else { high = middle }
        }
        return low + 1
    }

    func position(of offset: Int) -> SourcePosition {
        let line = line(of: offset)
        // Columns count characters: all bytes but the continuation bytes of UTF-8.
        let column = bytes[starts[line - 1]..<min(offset, bytes.count)].count { $0 & 0xC0 != 0x80 }
        return SourcePosition(line: line, column: column + 1)
    }

    func range(_ range: Range<Int>, in file: String) -> SourceRange {
        SourceRange(file: file, start: position(of: range.lowerBound), end: position(of: range.upperBound))
    }
}
