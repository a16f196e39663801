/// A shell pattern over whole names: `*` any characters, `?` one, `[a-z]` and `[!a-z]` one of a set, `\` the next as it is.
package struct Glob: Sendable, Hashable {
    package let pattern: String
    private let pieces: [Piece]

    private enum Piece: Sendable, Hashable {
        case any
        case one
        case exactly(Unicode.Scalar)
        case set([ClosedRange<Unicode.Scalar>], negated: Bool)

        func accepts(_ scalar: Unicode.Scalar) -> Bool {
            switch self {
            case .any, .one: true
            case .exactly(let other): scalar == other
            case .set(let ranges, let negated): ranges.contains { $0.contains(scalar) } != negated
            }
        }
    }

    package init(_ pattern: String) {
        self.pattern = pattern
        var pieces: [Piece] = []
        var rest = pattern.unicodeScalars[...]
        while let scalar = rest.popFirst() {
            switch scalar {
            case "*": if pieces.last != .any { pieces.append(.any) }
            case "?": pieces.append(.one)
            case "\\": pieces.append(.exactly(rest.popFirst() ?? "\\"))
            case "[":
                // As in a shell, a bracket that is never closed stands for itself.
                if let set = Self.takeSet(from: &rest) { pieces.append(set) } else { pieces.append(.exactly("[")) }
            default: pieces.append(.exactly(scalar))
            }
        }
        self.pieces = pieces
    }

    private static func takeSet(from rest: inout Substring.UnicodeScalarView) -> Piece? {
        var inside = rest
        var negated = false
        if let first = inside.first, first == "!" || first == "^" {
            negated = true
            inside.removeFirst()
        }
        var ranges: [ClosedRange<Unicode.Scalar>] = []
        while let low = inside.popFirst() {
            // A closing bracket that comes first is a member.
            if low == "]", !ranges.isEmpty {
                rest = inside
                return .set(ranges, negated: negated)
            }
            var high = low
            if inside.first == "-", let next = inside.dropFirst().first, next != "]" {
                high = next
                inside.removeFirst(2)
            }
            if low <= high { ranges.append(low...high) }
        }
        return nil
    }

    /// Whether the whole name is matched; takes time in the product of both lengths at most.
    package func matches(_ name: String) -> Bool {
        let scalars = Array(name.unicodeScalars)
        var at = 0
        var piece = 0
        var star: (piece: Int, at: Int)?
        while at < scalars.count {
            if piece < pieces.count, pieces[piece] == .any {
                star = (piece, at)
                piece += 1
            } else if piece < pieces.count, pieces[piece].accepts(scalars[at]) {
                piece += 1
                at += 1
            } else if let last = star {
                piece = last.piece + 1
                at = last.at + 1
                star = (last.piece, at)
            } else {
                return false
            }
        }
        return pieces[piece...].allSatisfy { $0 == .any }
    }
}
