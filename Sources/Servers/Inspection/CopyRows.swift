/// The lines of a `COPY … TO STDOUT` in text form, cut into cells without copying them.
///
/// Cells keep COPY's own escapes, in which a tab or a newline of a value never stands bare. See
/// <https://www.postgresql.org/docs/current/sql-copy.html>.
struct CopyRows {
    let bytes: [UInt8]
    let width: Int
    /// Where each cell starts, and one past the last; a cell ends one byte before the next one starts.
    private let starts: [UInt32]

    static let none = CopyRows([], width: 1)

    init(_ bytes: [UInt8], width: Int) {
        self.bytes = bytes
        self.width = width
        var starts: [UInt32] = []
        starts.reserveCapacity(bytes.count / 4 + 1)
        starts.append(0)
        bytes.withUnsafeBytes { buffer in
            var index = 0
            while index < buffer.count {
                // Eight bytes at once where none of them is a control character, as within long texts.
                if index + 8 <= buffer.count {
                    let word = buffer.loadUnaligned(fromByteOffset: index, as: UInt64.self)
                    if (word &- 0x0B0B_0B0B_0B0B_0B0B) & ~word & 0x8080_8080_8080_8080 == 0 {
                        index += 8
                        continue
                    }
                }
                for place in index..<min(index + 8, buffer.count) where buffer[place] == 9 || buffer[place] == 10 {
                    starts.append(UInt32(truncatingIfNeeded: place + 1))
                }
                index += 8
            }
        }
        self.starts = starts
    }

    /// False where the lines have not as many cells as were asked for.
    var isWellFormed: Bool { (starts.count - 1) % width == 0 && (bytes.isEmpty || bytes.last == 10) }
    var count: Int { (starts.count - 1) / width }

    func range(_ row: Int, _ column: Int) -> Range<Int> {
        let cell = row * width + column
        return Int(starts[cell])..<Int(starts[cell + 1]) - 1
    }

    func cell(_ row: Int, _ column: Int) -> ArraySlice<UInt8> { bytes[range(row, column)] }

    /// `\N`: a value that reads so is sent as `\\N`.
    func isNull(_ row: Int, _ column: Int) -> Bool {
        let range = range(row, column)
        return range.count == 2 && bytes[range.lowerBound] == UInt8(ascii: "\\")
            && bytes[range.lowerBound + 1] == UInt8(ascii: "N")
    }

    func isEmpty(_ row: Int, _ column: Int) -> Bool { range(row, column).isEmpty }

    /// An OID or a number in decimal digits; 0 where there is none.
    func number(_ row: Int, _ column: Int) -> UInt32 { bytes.number(in: range(row, column)) }

    func byte(_ row: Int, _ column: Int) -> UInt8 {
        let range = range(row, column)
        return range.isEmpty ? 0 : bytes[range.lowerBound]
    }

    func isTrue(_ row: Int, _ column: Int) -> Bool { byte(row, column) == UInt8(ascii: "t") }

    /// The value itself, COPY's escapes undone.
    func unescaped(_ row: Int, _ column: Int) -> [UInt8] { Self.unescape(cell(row, column)) }

    static func unescape(_ cell: some Collection<UInt8>) -> [UInt8] {
        guard cell.contains(UInt8(ascii: "\\")) else { return Array(cell) }
        var result: [UInt8] = []
        var escaped = false
        for byte in cell {
            guard escaped else {
                if byte == UInt8(ascii: "\\") { escaped = true } else { result.append(byte) }
                continue
            }
            escaped = false
            switch byte {
            case UInt8(ascii: "b"): result.append(8)
            case UInt8(ascii: "t"): result.append(9)
            case UInt8(ascii: "n"): result.append(10)
            case UInt8(ascii: "v"): result.append(11)
            case UInt8(ascii: "f"): result.append(12)
            case UInt8(ascii: "r"): result.append(13)
            default: result.append(byte)
            }
        }
        return result
    }
}

extension [UInt8] {
    /// A decimal number; 0 where there is another character or nothing.
    func number(in range: Range<Int>) -> UInt32 {
        withUnsafeBufferPointer { buffer in
            var value: UInt32 = 0
            for byte in UnsafeBufferPointer(rebasing: buffer[range]) {
                let digit = byte &- 48
                guard digit < 10 else { return 0 }
                value = value &* 10 &+ UInt32(digit)
            }
            return value
        }
    }

    /// As `append(contentsOf:)` of a slice, as one copy of memory.
    mutating func append(_ source: [UInt8], _ range: Range<Int>) {
        source.withUnsafeBufferPointer { append(contentsOf: UnsafeBufferPointer(rebasing: $0[range])) }
    }

    mutating func append(digitsOf number: UInt32) {
        if number >= 10 { append(digitsOf: number / 10) }
        append(48 + UInt8(number % 10))
    }
}
