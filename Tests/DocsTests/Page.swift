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

    /// What stands in the first column of those tables, without its backticks, links and the places to link to.
    func names(under heading: String? = nil) -> [String] {
        rows(under: heading).compactMap(\.first).map { cell in
            cell.replacing(#/\[([^\]]*)\]\([^)]*\)/#) { $0.1 }.replacing(#/<[^>]*>/#, with: "").filter { $0 != "`" }
        }
    }

    /// Headings as they stand, in order; none out of a block of code.
    func headings(level: Int? = nil) -> [String] {
        var isCode = false
        return text.split(separator: "\n").compactMap { line in
            if line.hasPrefix("```") { isCode.toggle() }
            let marks = line.prefix { $0 == "#" }.count
            let isHeading = !isCode && (1...6).contains(marks) && line.dropFirst(marks).hasPrefix(" ")
            return isHeading && (level ?? marks) == marks ? String(line.dropFirst(marks + 1)) : nil
        }
    }

    /// What links may lead to in it: headings, called by the rule that forges have for it, and places with a name.
    func anchors() -> Set<String> {
        let named = text.matches(of: #/<a id="([^"]+)">/#).map { String($0.1) }
        let headings = headings().map { heading in
            heading.lowercased().filter { $0.isLetter || $0.isNumber || " -_".contains($0) }.replacing(" ", with: "-")
        }
        return Set(headings + named)
    }

    /// Links to other pages and to places in them: the path, empty for the page itself, and the anchor.
    func links() -> [(path: String, anchor: String?)] {
        text.matches(of: #/\]\(([^)#\s]*)(?:#([^)\s]*))?\)/#).filter { !$0.1.contains("://") }.map {
            (String($0.1), $0.2.map(String.init))
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
