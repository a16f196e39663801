/// Appends values to bytes.
struct ByteWriter {
    private(set) var bytes: [UInt8] = []

    mutating func byte(_ value: UInt8) { bytes.append(value) }
    mutating func raw(_ value: [UInt8]) { bytes += value }

    mutating func number(_ value: Int) {
        for shift in stride(from: 24, through: 0, by: -8) { bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
    }

    mutating func text(_ value: String) {
        number(value.utf8.count)
        bytes.append(contentsOf: value.utf8)
    }

    mutating func optional<Value>(_ value: Value?, _ write: (inout ByteWriter, Value) -> Void) {
        byte(value == nil ? 0 : 1)
        if let value { write(&self, value) }
    }

    mutating func list<Value>(_ values: [Value], _ write: (inout ByteWriter, Value) -> Void) {
        number(values.count)
        for value in values { write(&self, value) }
    }
}

/// Takes them off again; nil once there is less than asked for.
struct ByteReader {
    private let buffer: UnsafeRawBufferPointer
    private var position = 0

    init(_ buffer: UnsafeRawBufferPointer) { self.buffer = buffer }

    var isAtEnd: Bool { position == buffer.count }

    mutating func byte() -> UInt8? {
        guard position < buffer.count else { return nil }
        defer { position += 1 }
        return buffer[position]
    }

    mutating func raw(_ count: Int) -> Slice<UnsafeRawBufferPointer>? {
        guard count >= 0, buffer.count - position >= count else { return nil }
        defer { position += count }
        return buffer[position..<position + count]
    }

    mutating func number() -> Int? {
        guard buffer.count - position >= 4 else { return nil }
        defer { position += 4 }
        return Int(UInt32(bigEndian: buffer.loadUnaligned(fromByteOffset: position, as: UInt32.self)))
    }

    mutating func text() -> String? {
        number().flatMap { raw($0) }.map { String(decoding: UnsafeRawBufferPointer(rebasing: $0), as: UTF8.self) }
    }

    mutating func list<Value>(_ read: (inout ByteReader) -> Value?) -> [Value]? {
        guard let count = number(), count <= buffer.count - position else { return nil }
        var values: [Value] = []
        values.reserveCapacity(count)
        for _ in 0..<count {
            guard let value = read(&self) else { return nil }
            values.append(value)
        }
        return values
    }
}
