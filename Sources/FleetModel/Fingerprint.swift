internal import Crypto

/// A SHA-256 digest over a canonical form; equal digests mean equal content.
package struct Fingerprint: Sendable, Hashable, Comparable, CustomStringConvertible {
    // Four words instead of an array: a fleet holds several per database.
    private let words: SIMD4<UInt64>

    package init(of bytes: some Sequence<UInt8>) {
        var hash = SHA256()
        if bytes.withContiguousStorageIfAvailable({ hash.update(bufferPointer: UnsafeRawBufferPointer($0)) }) == nil {
            hash.update(data: Array(bytes))
        }
        self.init(digest: hash.finalize())
    }

    package init(of text: String) {
        var text = text
        self = text.withUTF8 { Fingerprint(of: $0) }
    }

    private init(digest: SHA256.Digest) {
        words = digest.withUnsafeBytes(Self.words)
    }

    /// Reads 64 lower-case hexadecimal digits.
    package init?(hex: String) {
        guard hex.utf8.count == 64, hex.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) }) else {
            return nil
        }
        var words = SIMD4<UInt64>()
        var rest = Substring(hex)
        for index in 0..<4 {
            guard let word = UInt64(rest.prefix(16), radix: 16) else { return nil }
            words[index] = word
            rest = rest.dropFirst(16)
        }
        self.words = words
    }

    /// Reads what `bytes` gives.
    package init?(bytes: UnsafeRawBufferPointer) {
        guard bytes.count == 32 else { return nil }
        words = Self.words(bytes)
    }

    private static func words(_ bytes: UnsafeRawBufferPointer) -> SIMD4<UInt64> {
        func word(_ place: Int) -> UInt64 {
            UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: place * 8, as: UInt64.self))
        }
        return SIMD4(word(0), word(1), word(2), word(3))
    }

    /// Its 32 bytes: half of `hex`, and much quicker read.
    package var bytes: [UInt8] {
        (0..<32).map { UInt8(truncatingIfNeeded: words[$0 / 8] >> UInt64(56 - $0 % 8 * 8)) }
    }

    /// 64 lower-case hexadecimal digits.
    package var hex: String {
        (0..<4).map { index in
            let digits = String(words[index], radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }

    package var description: String { hex }
    /// Enough of it for a person to tell two apart.
    package var short: String { String(hex.prefix(12)) }

    package static func < (left: Self, right: Self) -> Bool {
        for index in 0..<4 where left.words[index] != right.words[index] {
            return left.words[index] < right.words[index]
        }
        return false
    }
}
