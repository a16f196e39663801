import SystemPackage

/// The folder that holds `Package.swift`.
let project = FilePath(#filePath).removingLastComponent().removingLastComponent().removingLastComponent()

/// A page of the documentation.
struct Page {
    /// Relative to the project.
    let path: String
    let text: String

    init(_ path: String) throws {
        self.path = path
        let file = try FileDescriptor.open(project.appending(path), .readOnly)
        text = try file.closeAfter {
            var bytes: [UInt8] = []
            while true {
                let part = try [UInt8](unsafeUninitializedCapacity: 65_536) { buffer, count in
                    count = try file.read(into: UnsafeMutableRawBufferPointer(buffer))
                }
                if part.isEmpty { return String(decoding: bytes, as: UTF8.self) }
                bytes += part
            }
        }
    }

    /// The cells of the tables under a heading, or of all; heads left out.
    func rows(under heading: String? = nil) -> [[String]] {
        var isMeant = heading == nil
        var lines: [Substring] = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if let heading, line.hasPrefix("#") {
                isMeant = line.drop { $0 == "#" }.dropFirst() == heading
            } else if isMeant {
                lines.append(line)
            }
        }
        return lines.indices.filter { index in
            let isRule = lines[index].hasPrefix("|--") || lines[index].hasPrefix("|---")
            let isHead = index + 1 < lines.count && lines[index + 1].hasPrefix("|--")
            return lines[index].hasPrefix("|") && !isRule && !isHead
        }.map { index in
            lines[index].dropFirst().dropLast().split(separator: "|", omittingEmptySubsequences: false).map {
                String($0.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
            }
        }
    }

    /// What stands below a heading, up to the next one.
    func section(_ heading: String) -> String? {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard let start = lines.firstIndex(where: { $0.hasPrefix("#") && $0.drop { $0 == "#" }.dropFirst() == heading })
        else { return nil }
        return lines[(start + 1)...].prefix { !$0.hasPrefix("#") }.joined(separator: "\n")
    }

    /// What stands in the first column of those tables, without its backticks and the place to link to.
    func names(under heading: String? = nil) -> [String] {
        rows(under: heading).compactMap(\.first).map { cell in
            let name = cell.hasPrefix("<a id=") ? cell.split(separator: "</a>").last.map(String.init) ?? cell : cell
            return name.filter { $0 != "`" }
        }
    }

    /// Every page there is.
    static func all() throws -> [Page] {
        try ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"].map(Page.init) + (try folder("docs"))
            + (try folder("docs/decisions"))
    }

    static func folder(_ path: String) throws -> [Page] {
        try namesOfFiles(in: path).filter { $0.hasSuffix(".md") }.map { try Page("\(path)/\($0)") }
    }
}
