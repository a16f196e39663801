/// Canonical names of objects by class, OID and column number.
///
/// A name stands between two vertical tabs, which no cell of a COPY holds bare, so that it is never taken for a number,
/// and has its schema before it, followed by a form feed.
struct NameMap {
    /// Where PostgreSQL's own objects end whose OIDs are the same on every server of a major version.
    ///
    /// From here to 16383 are what `initdb` made, for instance from the operating system's locales.
    static let firstUnstable: UInt32 = 12_000
    static let firstUser: UInt32 = 16_384
    static let mark: UInt8 = 0x0B
    static let dot: UInt8 = 0x0C

    private var keys: [UInt64]
    private var spans: [Range<UInt32>]
    private var count = 0
    /// Classes of which a name was looked for in vain.
    let unnamed = Unnamed()
    /// All names, one after the other.
    private(set) var arena: [UInt8] = []

    init() {
        keys = Array(repeating: 0, count: 2048)
        spans = Array(repeating: 0..<0, count: 2048)
        arena.reserveCapacity(16 << 10)
    }

    static func key(_ objectClass: ObjectClass, _ oid: UInt32, column: UInt32 = 0) -> UInt64 {
        // One more, so that no key is 0.
        UInt64(objectClass.rawValue + 1) << 56 | UInt64(oid) << 16 | UInt64(column & 0xFFFF)
    }

    mutating func set(_ key: UInt64, _ write: (inout [UInt8]) -> Void) {
        let start = UInt32(arena.count)
        write(&arena)
        if count * 2 >= keys.count { grow() }
        insert(key, start..<UInt32(arena.count))
    }

    func span(_ key: UInt64) -> Range<Int>? {
        var slot = Self.slot(key, keys.count)
        while keys[slot] != 0 {
            if keys[slot] == key { return Int(spans[slot].lowerBound)..<Int(spans[slot].upperBound) }
            slot = (slot + 1) & (keys.count - 1)
        }
        return nil
    }

    /// The name between its marks, or the OID as it is where there is none.
    ///
    /// - Returns: false where an OID that may differ between servers stays as it is.
    @discardableResult
    func append(_ objectClass: ObjectClass, _ oid: UInt32, column: UInt32 = 0, to out: inout [UInt8]) -> Bool {
        guard column != 0 || oid >= Self.firstUnstable || objectClass == .schema else {
            out.append(digitsOf: oid)
            return true
        }
        guard let span = span(Self.key(objectClass, oid, column: column)) else {
            out.append(digitsOf: column == 0 ? oid : column)
            unnamed.classes.insert(objectClass)
            return false
        }
        out.append(Self.mark)
        out.append(arena, span)
        out.append(Self.mark)
        return true
    }

    /// What was missed, noted by whoever reads.
    final class Unnamed {
        var classes: Set<ObjectClass> = []
    }

    private mutating func insert(_ key: UInt64, _ span: Range<UInt32>) {
        var slot = Self.slot(key, keys.count)
        while keys[slot] != 0, keys[slot] != key { slot = (slot + 1) & (keys.count - 1) }
        if keys[slot] == 0 { count += 1 }
        keys[slot] = key
        spans[slot] = span
    }

    private mutating func grow() {
        let old = (keys, spans)
        keys = Array(repeating: 0, count: old.0.count * 2)
        spans = Array(repeating: 0..<0, count: old.0.count * 2)
        count = 0
        for (key, span) in zip(old.0, old.1) where key != 0 { insert(key, span) }
    }

    private static func slot(_ key: UInt64, _ size: Int) -> Int {
        Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> 32) & (size - 1)
    }
}
