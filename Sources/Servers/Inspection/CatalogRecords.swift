internal import FleetModel
internal import Glibc

/// Canonical lines, one for each object: its kind and name, a tab, what was compared, a newline.
struct CatalogRecords {
    struct Record {
        var kind: UInt8
        var hasOwner = false
        var start: Int
        var nameEnd = 0
        var end = 0
    }

    private(set) var bytes: [UInt8] = []
    private(set) var records: [Record] = []

    init(capacity: Int) {
        bytes.reserveCapacity(capacity)
    }

    /// Writes a line: `name` and then `definition` append to it.
    mutating func add(
        _ kind: ObjectKind,
        hasOwner: Bool = false,
        name: (inout [UInt8]) -> Void,
        definition: (inout [UInt8]) -> Void
    ) {
        let byte = Self.byte(of: kind)
        var record = Record(kind: byte, hasOwner: hasOwner, start: bytes.count)
        bytes.append(byte)
        name(&bytes)
        record.nameEnd = bytes.count
        bytes.append(9)
        definition(&bytes)
        record.end = bytes.count
        bytes.append(10)
        records.append(record)
    }

    func name(of record: Int) -> ArraySlice<UInt8> { bytes[(records[record].start + 1)..<records[record].nameEnd] }
    func kind(of record: Int) -> ObjectKind { Self.kinds[Int(records[record].kind) - 65] }

    /// Positions of the lines in the order of their bytes.
    var sorted: [Int] {
        bytes.withUnsafeBytes { buffer in
            // No bytes, no lines.
            guard let base = buffer.baseAddress else { return [] }
            return records.indices.sorted { left, right in
                let (a, b) = (records[left], records[right])
                let common = memcmp(base + a.start, base + b.start, min(a.end - a.start, b.end - b.start))
                return common == 0 ? a.end - a.start < b.end - b.start : common < 0
            }
        }
    }

    func fingerprint(_ order: [Int]) -> Fingerprint {
        var all: [UInt8] = []
        all.reserveCapacity(bytes.count)
        bytes.withUnsafeBufferPointer { buffer in
            for index in order {
                let record = records[index]
                all.append(contentsOf: buffer[record.start...record.end])
            }
        }
        return Fingerprint(of: all)
    }

    /// The object a line is of.
    func identity(of record: Int) -> ObjectID {
        let parts = name(of: record).split(separator: NameMap.dot, omittingEmptySubsequences: false)
            .map { String(decoding: CopyRows.unescape($0), as: UTF8.self) }
        guard parts.count > 1 else { return ObjectID(kind(of: record), schema: nil, name: parts.first ?? "") }
        return ObjectID(kind(of: record), schema: parts[0], name: parts.dropFirst().joined(separator: "."))
    }

    func definition(of record: Int) -> Fingerprint { Fingerprint(of: definitionBytes(of: record)) }

    func definitionBytes(of record: Int) -> ArraySlice<UInt8> {
        bytes[(records[record].nameEnd + 1)..<records[record].end]
    }

    private static let kinds = ObjectKind.allCases
    private static let byteOfKind = Dictionary(
        uniqueKeysWithValues: kinds.enumerated().map { ($1, UInt8(65 + $0)) }
    )

    static func byte(of kind: ObjectKind) -> UInt8 { byteOfKind[kind] ?? 0 }
}
