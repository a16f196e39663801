/// The CRC-32 of zip and Ethernet, a piece at a time.
///
/// See <https://www.rfc-editor.org/rfc/rfc1952#section-8>.
struct CRC32 {
    private var state: UInt32 = 0xFFFF_FFFF

    mutating func add(_ bytes: some Sequence<UInt8>) {
        for byte in bytes { state = Self.table[Int((state ^ UInt32(byte)) & 0xFF)] ^ (state >> 8) }
    }

    var value: UInt32 { state ^ 0xFFFF_FFFF }

    static func checksum(of bytes: some Sequence<UInt8>) -> UInt32 {
        var sum = CRC32()
        sum.add(bytes)
        return sum.value
    }

    private static let table = (0..<256).map { (index: UInt32) -> UInt32 in
        (0..<8).reduce(index) { value, _ in value & 1 == 1 ? 0xEDB8_8320 ^ (value >> 1) : value >> 1 }
    }
}

/// FNV-1 with 32 bits, as Go's `fnv.New32` computes it.
///
/// See <https://www.rfc-editor.org/rfc/rfc9923>.
enum FNV1 {
    static func hash(of bytes: some Sequence<UInt8>) -> UInt32 {
        bytes.reduce(0x811C_9DC5) { ($0 &* 0x0100_0193) ^ UInt32($1) }
    }
}

/// Base64 with padding, as Go's `base64.StdEncoding` writes it.
enum Base64 {
    static func encoded(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            let word = (0..<3).reduce(UInt32(0)) { word, place in
                word << 8 | (start + place < bytes.count ? UInt32(bytes[start + place]) : 0)
            }
            for place in 0..<4 {
                text.append(
                    place <= group.count ? digits[Int(word >> (18 - 6 * UInt32(place)) & 63)] : UInt8(ascii: "=")
                )
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
}
