internal import Glibc

/// Parts of objects that stand in catalogs of their own, gathered so that each goes with its object.
struct CatalogDetails {
    private struct Detail {
        var key: UInt64
        var ordinal: Double
        var start: Int
        var end: Int
    }

    private var bytes: [UInt8] = []
    private var details: [Detail] = []

    mutating func add(_ key: UInt64, ordinal: Double = 0, _ write: (inout [UInt8]) -> Void) {
        let start = bytes.count
        write(&bytes)
        details.append(Detail(key: key, ordinal: ordinal, start: start, end: bytes.count))
    }

    /// To be called once, after the last `add`.
    mutating func sort() {
        let bytes = bytes
        details.sort { left, right in
            if left.key != right.key { return left.key < right.key }
            if left.ordinal != right.ordinal { return left.ordinal < right.ordinal }
            return bytes[left.start..<left.end].lexicographicallyPrecedes(bytes[right.start..<right.end])
        }
    }

    /// Writes an object's details in their order.
    func append(_ key: UInt64, to out: inout [UInt8]) {
        var low = 0
        var high = details.count
        while low < high {
            let middle = (low + high) / 2
            if details[middle].key < key { low = middle + 1 } else { high = middle }
        }
        while low < details.count, details[low].key == key {
            out.append(bytes, details[low].start..<details[low].end)
            // Between two details stands what no cell holds bare.
            out.append(NameMap.dot)
            low += 1
        }
    }
}
