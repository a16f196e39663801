internal import CLibPQ

/// Text for a server to run.
///
/// There is no way in from a `String` but as an identifier, a literal, or by a labelled door.
package struct SQL: Sendable, Hashable, ExpressibleByStringInterpolation {
    package private(set) var text: String

    package init(stringLiteral value: StaticString) {
        text = value.description
    }

    package init(stringInterpolation: Interpolation) {
        text = stringInterpolation.text
    }

    /// Text that a person wrote to be run as it stands: a migration, an init script, a check.
    package init(writtenByUser text: String) {
        self.text = text
    }

    /// Several pieces with a separator between them.
    package init(joining pieces: some Sequence<SQL>, separator: StaticString = ", ") {
        text = pieces.map(\.text).joined(separator: separator.description)
    }

    package static func + (left: SQL, right: SQL) -> SQL {
        var sum = left
        sum.text += right.text
        return sum
    }

    package struct Interpolation: StringInterpolationProtocol {
        package typealias StringLiteralType = StaticString
        fileprivate var text = ""

        package init(literalCapacity: Int, interpolationCount: Int) {
            text.reserveCapacity(literalCapacity + 16 * interpolationCount)
        }

        package mutating func appendLiteral(_ literal: StaticString) {
            text += literal.description
        }

        package mutating func appendInterpolation(_ sql: SQL) {
            text += sql.text
        }

        package mutating func appendInterpolation(_ number: some BinaryInteger) {
            text += String(number)
        }

        /// A name, quoted.
        package mutating func appendInterpolation(identifier: String) {
            text += SQL.quoted(identifier, with: "\"")
        }

        /// A schema and a name, both quoted.
        package mutating func appendInterpolation(schema: String, name: String) {
            text += SQL.quoted(schema, with: "\"") + "." + SQL.quoted(name, with: "\"")
        }

        /// A value as a string constant; nil is `NULL`.
        ///
        /// `E''` where there is a backslash, so that the value does not depend on `standard_conforming_strings`.
        /// See <https://www.postgresql.org/docs/current/sql-syntax-lexical.html>.
        package mutating func appendInterpolation(literal: String?) {
            guard let literal else {
                text += "NULL"
                return
            }
            guard literal.utf8.contains(UInt8(ascii: "\\")) else {
                text += SQL.quoted(literal, with: "'")
                return
            }
            text += " E" + SQL.quoted(SQL.doubling("\\", in: literal), with: "'")
        }
    }

    /// Sessions speak UTF-8 only, in which no other character holds the byte of a quote.
    private static func quoted(_ text: String, with quote: Unicode.Scalar) -> String {
        precondition(!text.utf8.contains(0), "no name or value for PostgreSQL may hold a NUL")
        return "\(quote)\(doubling(quote, in: text))\(quote)"
    }

    /// Scalar by scalar: to Swift a quote and an accent after it are one character, to the server the quote ends the name.
    private static func doubling(_ mark: Unicode.Scalar, in text: String) -> String {
        var doubled = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            doubled.append(scalar)
            if scalar == mark { doubled.append(mark) }
        }
        return String(doubled)
    }
}
