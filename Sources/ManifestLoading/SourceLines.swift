package import SystemPackage

/// Lines of files under a root, for the excerpts of diagnostics; each file is read once.
package struct SourceLines {
    private let root: FilePath
    private var files: [String: [Substring]] = [:]

    package init(root: FilePath) {
        self.root = root
    }

    /// Nil where there is no such line, or the file is larger than any that is read.
    package mutating func line(_ number: Int, of file: String) -> String? {
        let lines = files[file] ?? read(file)
        files[file] = lines
        guard lines.indices.contains(number - 1) else { return nil }
        return String(lines[number - 1])
    }

    private func read(_ file: String) -> [Substring] {
        let limit = 16_000_000
        // What a link outside leads to is nobody's source, and may be a secret.
        guard let base = FileAccess.resolved(root), let path = FileAccess.resolved(root.appending(file)),
            path.starts(with: base), FileAccess.kind(of: path) == .file,
            let bytes = FileAccess.contents(of: path, limit: limit), bytes.count < limit
        else { return [] }
        var text = String(decoding: bytes, as: UTF8.self)[...]
        if text.unicodeScalars.first == "\u{FEFF}" { text.unicodeScalars.removeFirst() }
        return text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" || $0 == "\r" }
    }
}
