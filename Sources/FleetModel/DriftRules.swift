/// Which differences between a schema and its migrations do not count, as manifests declare it.
package struct DriftRules: Sendable, Hashable {
    package var ignored: [Ignored]
    package var dated: [Dated]

    /// Differences that are told and do not count.
    package struct Ignored: Sendable, Hashable {
        package enum Subject: Sendable, Hashable {
            case objects(ObjectKind)
            case grants, owners
        }

        package var subject: Subject
        package var names: Glob
        /// As a person wrote it.
        package var text: String
        package var reason: String
        /// Nil: of every class.
        package var className: String?

        package init(subject: Subject, names: Glob, text: String, reason: String, className: String? = nil) {
            self.subject = subject
            self.names = names
            self.text = text
            self.reason = reason
            self.className = className
        }
    }

    /// Tables named after the day on which a migration ran: compared by what they are, whatever their date.
    package struct Dated: Sendable, Hashable {
        package var names: DatedName
        /// As a person wrote it.
        package var text: String
        package var reason: String
        /// Nil: of every class.
        package var className: String?

        package init(names: DatedName, text: String, reason: String, className: String? = nil) {
            self.names = names
            self.text = text
            self.reason = reason
            self.className = className
        }
    }

    package init(ignored: [Ignored] = [], dated: [Dated] = []) {
        self.ignored = ignored
        self.dated = dated
    }

    package static let none = DriftRules()

    package var isEmpty: Bool { ignored.isEmpty && dated.isEmpty }

    /// What counts for databases of one class, with what the class's own manifest says.
    package func of(_ className: String, and own: DriftRules) -> DriftRules {
        DriftRules(
            ignored: ignored.filter { $0.className == nil || $0.className == className } + own.ignored,
            dated: dated.filter { $0.className == nil || $0.className == className } + own.dated
        )
    }
}

/// The name of a table with a date in it: text in which each `{date}` stands for digits, in groups joined by `_` or `-`.
package struct DatedName: Sendable, Hashable {
    package let pattern: String
    /// What stands before, between and after the dates.
    private let pieces: [[UInt8]]

    /// Fewer digits than a year has are no date.
    package static let leastDigits = 4

    /// Nil where the pattern has no `{date}`.
    package init?(_ pattern: String) {
        self.pattern = pattern
        var pieces: [[UInt8]] = [[]]
        var rest = Array(pattern.utf8)[...]
        let placeholder = Array("{date}".utf8)
        while let byte = rest.first {
            if rest.starts(with: placeholder) {
                pieces.append([])
                rest = rest.dropFirst(placeholder.count)
            } else {
                pieces[pieces.count - 1].append(byte)
                rest = rest.dropFirst()
            }
        }
        // Two dates side by side are one.
        guard pieces.count > 1, !pieces.dropFirst().dropLast().contains([]) else { return nil }
        self.pieces = pieces
    }

    /// Held against `schema.name`, and in `public` against the bare name too.
    package func matches(_ table: TableName) -> Bool {
        guard Self.mayHoldDate(table.name.utf8) else { return false }
        return matches(Array(table.description.utf8)[...], at: 0)
            || table.schema == "public" && matches(Array(table.name.utf8)[...], at: 0)
    }

    package static func mayHoldDate(_ name: some Sequence<UInt8>) -> Bool {
        name.lazy.filter { $0 >= 48 && $0 <= 57 }.prefix(leastDigits).count == leastDigits
    }

    private func matches(_ text: ArraySlice<UInt8>, at place: Int) -> Bool {
        guard text.starts(with: pieces[place]) else { return false }
        let rest = text.dropFirst(pieces[place].count)
        guard place + 1 < pieces.count else { return rest.isEmpty }
        func isDigit(_ byte: UInt8) -> Bool { byte >= 48 && byte <= 57 }
        var end = rest.startIndex
        var ends: [Int] = []
        var isAfterDigit = false
        while end < rest.endIndex {
            let digit = isDigit(rest[end])
            // A group is followed by one joint and another group.
            guard digit || isAfterDigit && (rest[end] == UInt8(ascii: "_") || rest[end] == UInt8(ascii: "-")) else {
                break
            }
            end += 1
            isAfterDigit = digit
            if digit { ends.append(end) }
        }
        return ends.reversed().contains { matches(rest[$0...], at: place + 1) }
    }
}
