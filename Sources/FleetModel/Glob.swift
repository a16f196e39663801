/// A pattern over names: `*` any text, `?` any character, `[a-z]` and `[!a-z]` one of a set; all else means itself.
package struct Glob: Sendable, Hashable {
    fileprivate enum Element: Sendable, Hashable {
        case literal(Unicode.Scalar)
        case any
        case anything
        case set([ClosedRange<Unicode.Scalar>], isNegated: Bool)
    }

    package let pattern: String
    private let elements: [Element]

    /// Nil where a `[` is never closed.
    package init?(_ pattern: String) {
        self.pattern = pattern
        var elements: [Element] = []
        var rest = Array(pattern.unicodeScalars)[...]
        while let scalar = rest.popFirst() {
            switch scalar {
            case "*": if elements.last != .anything { elements.append(.anything) }
            case "?": elements.append(.any)
            case "[":
                guard let set = Self.set(&rest) else { return nil }
                elements.append(set)
            default: elements.append(.literal(scalar))
            }
        }
        self.elements = elements
    }

    package func matches(_ name: String) -> Bool {
        let scalars = Array(name.unicodeScalars)
        var element = 0
        var scalar = 0
        // Where to go back to: the last `*`, and how much of the name it has taken. One such place is enough, so
        // that no pattern takes longer than its length times that of the name.
        var star: (element: Int, scalar: Int)?
        while scalar < scalars.count {
            if element < elements.count, elements[element] == .anything {
                star = (element, scalar)
                element += 1
            } else if element < elements.count, elements[element].matches(scalars[scalar]) {
                element += 1
                scalar += 1
            } else if let (starElement, taken) = star {
                star = (starElement, taken + 1)
                element = starElement + 1
                scalar = taken + 1
            } else {
                return false
            }
        }
        return elements[element...].allSatisfy { $0 == .anything }
    }

    /// The set after its opening bracket; a `]` right at the beginning means itself.
    private static func set(_ rest: inout ArraySlice<Unicode.Scalar>) -> Element? {
        var ranges: [ClosedRange<Unicode.Scalar>] = []
        var isNegated = false
        if rest.first == "!" || rest.first == "^" {
            isNegated = true
            rest.removeFirst()
        }
        while let low = rest.popFirst() {
            if low == "]" && !ranges.isEmpty { return .set(ranges, isNegated: isNegated) }
            var high = low
            if rest.first == "-", let next = rest.dropFirst().first, next != "]" {
                rest.removeFirst(2)
                high = next
            }
            guard low <= high else { return nil }
            ranges.append(low...high)
        }
        return nil
    }
}

extension Glob.Element {
    fileprivate func matches(_ scalar: Unicode.Scalar) -> Bool {
        switch self {
        case .literal(let literal): scalar == literal
        case .any: true
        case .anything: false
        case .set(let ranges, let isNegated): ranges.contains { $0.contains(scalar) } != isNegated
        }
    }
}
