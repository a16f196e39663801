/// A place in a file a person wrote: 1-based line and column, columns counted in characters.
package struct SourcePosition: Sendable, Hashable, Comparable {
    package var line: Int
    package var column: Int

    package init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }

    package static func < (left: Self, right: Self) -> Bool {
        (left.line, left.column) < (right.line, right.column)
    }
}

/// A stretch of a file, its path relative to the root, its end exclusive.
package struct SourceRange: Sendable, Hashable {
    package var file: String
    package var start: SourcePosition
    package var end: SourcePosition

    package init(file: String, start: SourcePosition, end: SourcePosition) {
        self.file = file
        self.start = start
        self.end = end
    }

    /// The very beginning of a file, for faults of the file as a whole.
    package static func beginning(of file: String) -> SourceRange {
        let start = SourcePosition(line: 1, column: 1)
        return SourceRange(file: file, start: start, end: start)
    }
}

/// Where in a file something begins: the file relative to the root, line and column 1-based.
package struct FilePosition: Sendable, Hashable {
    package var file: String
    package var line: Int
    package var column: Int

    package init(file: String, line: Int = 1, column: Int = 1) {
        self.file = file
        self.line = line
        self.column = column
    }

    package init(_ range: SourceRange) {
        self.init(file: range.file, line: range.start.line, column: range.start.column)
    }
}

/// A value together with where a person wrote it.
package struct Located<Value> {
    package var value: Value
    package var range: SourceRange

    package init(_ value: Value, at range: SourceRange) {
        self.value = value
        self.range = range
    }
}

extension Located: Sendable where Value: Sendable {}
extension Located: Equatable where Value: Equatable {}
extension Located: Hashable where Value: Hashable {}

/// How grave a diagnostic or a finding is.
package enum Severity: String, Sendable, Hashable, CaseIterable {
    case error, warning, info
}

/// A fault in what a person wrote: what is wrong, where, and how to mend it.
package struct Diagnostic: Sendable, Hashable {
    package var severity: Severity
    package var code: DiagnosticCode
    /// Lower case, no full stop, names in quotes, never a secret.
    package var message: String
    package var range: SourceRange?
    package var hint: String?

    package init(
        _ severity: Severity,
        _ code: DiagnosticCode,
        _ message: String,
        at range: SourceRange?,
        hint: String? = nil
    ) {
        self.severity = severity
        self.code = code
        self.message = message
        self.range = range
        self.hint = hint
    }
}

/// A value and everything that was found wrong while making it; no value where an error forbids one.
package struct Diagnosed<Value> {
    package var value: Value?
    package var diagnostics: [Diagnostic]

    package init(_ value: Value?, _ diagnostics: [Diagnostic] = []) {
        self.value = value
        self.diagnostics = diagnostics
    }

    package var hasErrors: Bool { diagnostics.contains { $0.severity == .error } }
}

extension Diagnosed: Sendable where Value: Sendable {}
