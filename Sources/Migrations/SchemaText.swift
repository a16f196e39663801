package import FleetModel

/// SQL that builds a schema from nothing: a file that a person keeps, or what a program printed.
package struct SchemaText: Sendable, Hashable {
    package var statements: [StatementText]
    /// Over all of its bytes.
    package var digest: Fingerprint
    /// What a message calls it: a path, or the command that printed it.
    package var title: String

    /// Why a text cannot be run, and on which of its lines.
    package struct Fault: Error, Sendable, Hashable, CustomStringConvertible {
        package var title: String
        package var line: Int
        package var message: String

        package var description: String { "\(title):\(line): \(message)" }
    }

    /// Reads a text as PostgreSQL's own programs write it: of psql's commands those of `pg_dump` mean nothing here, and
    /// transactions may be begun and ended, since it is run statement by statement where nothing can be lost.
    package init(_ raw: [UInt8], title: String) throws(Fault) {
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        let bytes = raw.starts(with: mark) ? Array(raw.dropFirst(mark.count)) : raw
        let lines = LineIndex(bytes)
        func fault(_ offset: Int, _ message: String) -> Fault {
            Fault(title: title, line: lines.line(of: offset), message: message)
        }
        var faults = EncodingRules.faults(in: bytes)
        // What Drizzle puts between two statements may stand for a semicolon.
        let scan = StatementScan(bytes, statementBreak: "--> statement-breakpoint")
        faults.report(scan.faults)
        for (kind, range) in faults.found {
            switch kind {
            case .byteOrderMark, .transactionControl, .textAfterBreak, .breakInsideToken, .lateDirective,
                .unknownDirective, .nonStandardStrings, .bidiControl:
                continue
            case .metaCommand("\\restrict"), .metaCommand("\\unrestrict"): continue
            case .metaCommand(let name): throw fault(range.lowerBound, "\"\(name)\" is a command of psql, not SQL")
            case .nulByte: throw fault(range.lowerBound, "a NUL byte")
            case .invalidUTF8: throw fault(range.lowerBound, "a byte that is not UTF-8")
            case .literalPassword: throw fault(range.lowerBound, "a password is written out here")
            case .unterminated: throw fault(range.lowerBound, "a string, a quoted name or a comment is never closed")
            case .textAfterCopy, .copyWithoutData: throw fault(range.lowerBound, "COPY … FROM stdin without its data")
            }
        }
        statements = StatementSplitter.statements(of: scan, in: bytes)
        digest = Fingerprint(of: raw)
        self.title = title
    }
}
