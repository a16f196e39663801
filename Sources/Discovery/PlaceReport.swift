/// What a place told about itself, section by section, as `PlaceScript` has it printed.
package struct PlaceReport: Sendable {
    package struct Section: Sendable, Hashable {
        package var name: String
        /// What stands behind the name on the section's first line.
        package var argument: String
        /// Without those that are empty.
        package var lines: [String]

        package init(name: String, argument: String, lines: [String]) {
            self.name = name
            self.argument = argument
            self.lines = lines
        }
    }

    package let sections: [Section]

    /// Reads what was printed; a line that begins with the mark begins a section.
    ///
    /// The mark is a random word: other users' sockets and processes may be called what they like.
    package init(parsing text: String, mark: String) {
        var sections: [Section] = []
        // By scalars: carriage returns and combining marks in a stranger's name must not swallow a line's end.
        for scalars in text.unicodeScalars.split(separator: "\n") {
            let line = String(scalars)
            if line.hasPrefix(mark + " ") {
                let words = line.dropFirst(mark.count + 1).split(separator: " ", maxSplits: 1).map(String.init)
                sections.append(
                    Section(name: words.first ?? "", argument: words.count > 1 ? words[1] : "", lines: [])
                )
            } else if !sections.isEmpty {
                sections[sections.count - 1].lines.append(line)
            }
        }
        self.sections = sections
    }

    package func all(_ name: String) -> [Section] { sections.filter { $0.name == name } }
    package func first(_ name: String) -> Section? { sections.first { $0.name == name } }
}

extension PlaceReport.Section {
    /// The value of a line `key: value`.
    func value(_ key: String) -> String? {
        lines.first { $0.hasPrefix(key + ":") }.map { line in
            String(line.dropFirst(key.count + 1).drop { $0 == " " || $0 == "\t" })
        }
    }

    func values(_ key: String) -> [String] {
        lines.filter { $0.hasPrefix(key + ": ") }.map { String($0.dropFirst(key.count + 2)) }
    }
}
