package import SystemPackage

/// Lines of files under a root, for the excerpts of diagnostics; each file is read once.
///
/// It keeps the bytes, not the lines, of which a hostile file has as many; diagnostics come in the order of their places.
package struct SourceLines {
    private let root: FilePath
    private var files: [String: Text] = [:]

    private struct Text {
        var bytes: [UInt8]
        /// Where the line begins that was asked for last.
        private var offset = 0
        private var number = 1

        init(_ bytes: [UInt8]) { self.bytes = bytes }

        mutating func line(_ wanted: Int) -> String? {
            if wanted < number { (offset, number) = (0, 1) }
            while number < wanted {
                let end = self.end
                guard end < bytes.count else { return nil }
                let isPair = bytes[end] == 0x0D && end + 1 < bytes.count && bytes[end + 1] == 0x0A
                offset = end + (isPair ? 2 : 1)
                number += 1
            }
            return String(decoding: bytes[offset..<end], as: UTF8.self)
        }

        private var end: Int { bytes[offset...].firstIndex { $0 == 0x0A || $0 == 0x0D } ?? bytes.count }
    }

    package init(root: FilePath) {
        self.root = root
    }

    /// Nil where there is no such line, or the file is larger than any that is read.
    package mutating func line(_ number: Int, of file: String) -> String? {
        var text = files[file] ?? Text(read(file))
        let line = text.line(number)
        files[file] = text
        return line
    }

    private func read(_ file: String) -> [UInt8] {
        let limit = 16_000_000
        // What a link outside leads to is nobody's source, and may be a secret.
        guard let base = FileAccess.resolved(root), let path = FileAccess.resolved(root.appending(file)),
            path.starts(with: base), FileAccess.kind(of: path) == .file,
            let bytes = FileAccess.contents(of: path, limit: limit), bytes.count < limit
        else { return [] }
        return bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes.dropFirst(3)) : bytes
    }
}
