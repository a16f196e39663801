internal import FleetModel

/// Where the lines of a text begin, to turn offsets into places a person can find.
struct LineIndex {
    private let bytes: [UInt8]
    private let starts: [Int]
    /// Characters before each stretch, so that no line is counted through for each of its faults: it may be the whole file.
    private let counts: [Int]
    private static let stretch = 1024

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        var starts = [0]
        var counts: [Int] = []
        var count = 0
        for (offset, byte) in bytes.enumerated() {
            if offset % Self.stretch == 0 { counts.append(count) }
            if byte.beginsCharacter { count += 1 }
            if byte == 0x0A { starts.append(offset + 1) }
        }
        self.starts = starts
        self.counts = counts
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
        let column = characters(before: min(offset, bytes.count)) - characters(before: starts[line - 1])
        return SourcePosition(line: line, column: column + 1)
    }

    private func characters(before offset: Int) -> Int {
        let stretch = min(offset / Self.stretch, counts.count - 1)
        guard stretch >= 0 else { return 0 }
        return counts[stretch] + bytes[(stretch * Self.stretch)..<offset].count { $0.beginsCharacter }
    }

    func range(_ range: Range<Int>, in file: String) -> SourceRange {
        SourceRange(file: file, start: position(of: range.lowerBound), end: position(of: range.upperBound))
    }
}

extension UInt8 {
    /// Columns count characters: all bytes but the continuation bytes of UTF-8.
    fileprivate var beginsCharacter: Bool { self & 0xC0 != 0x80 }
}
