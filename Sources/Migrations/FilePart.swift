package import FleetModel

/// What of a migration's file runs, and how, as the format's own tool reads it.
package struct FilePart: Sendable {
    /// As long as the file: what does not run is white space, so that lines and columns are the file's.
    package private(set) var bytes: [UInt8]
    /// Whether the tool runs it in a transaction.
    package var isTransactional = true
    /// What is wrong with the marks by which the tool tells what runs, each with its place in the file.
    package private(set) var faults: [Fault] = []
    private var omitted = 0
    /// More than anyone reads; each line of a hostile file may be one.
    private static let mostFaults = 100

    package struct Fault: Sendable {
        package var severity: Severity
        package var message: String
        package var range: Range<Int>
        package var hint: String?
    }

    /// All of the file.
    package init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Leaves a stretch out of what runs.
    package mutating func blank(_ range: Range<Int>) {
        for index in range where bytes[index] != 0x0A && bytes[index] != 0x0D { bytes[index] = 0x20 }
    }

    package mutating func report(_ severity: Severity, _ message: String, at range: Range<Int>, hint: String? = nil) {
        guard faults.count < Self.mostFaults else {
            omitted += 1
            return
        }
        faults.append(Fault(severity: severity, message: message, range: range, hint: hint))
    }

    func diagnostics(file: String) -> [Diagnostic] {
        guard !faults.isEmpty else { return [] }
        let lines = LineIndex(bytes)
        var diagnostics = faults.map {
            Diagnostic($0.severity, .migrationContent, $0.message, at: lines.range($0.range, in: file), hint: $0.hint)
        }
        if omitted > 0 {
            let message = "\(omitted) more faults in this file are not listed"
            diagnostics.append(Diagnostic(.error, .migrationContent, message, at: diagnostics.last?.range))
        }
        return diagnostics
    }
}

/// A migration's place in its folder, before its file is read.
package struct ListedMigration: Sendable, Hashable {
    package var tag: String
    package var number: String
    package var when: Int64?
    /// Relative to the migration folder.
    package var file: String
    /// Where the folder says that the file is a migration; nil where the file's name alone does.
    package var declaration: SourceRange?
    /// Whether it runs again when its file changes.
    package var isRepeatable: Bool
    /// Whether the tool runs it in a transaction, as far as the folder says so.
    package var isTransactional: Bool

    package init(
        tag: String,
        number: String,
        when: Int64? = nil,
        file: String,
        declaration: SourceRange? = nil,
        isRepeatable: Bool = false,
        isTransactional: Bool = true
    ) {
        self.tag = tag
        self.number = number
        self.when = when
        self.file = file
        self.declaration = declaration
        self.isRepeatable = isRepeatable
        self.isTransactional = isTransactional
    }
}
