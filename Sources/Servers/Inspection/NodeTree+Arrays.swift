internal import Glibc

/// A cast of a whole array written as casts of its elements.
///
/// `k IN ('a', 'b')` over a `varchar` is stored as an array that is cast, and reads back, from a dump, as an array of
/// casts: the parser pushes a cast into `ARRAY[…]`. Both mean the same and must not differ.
extension NodeTree {
    /// The same tree with every such cast pushed inwards; nil where there is none.
    func arraysUncast(_ range: Range<Int>) -> [UInt8]? {
        guard Self.find(Self.castOfArray, in: bytes, range) != nil else { return nil }
        var text = Array(bytes[range])
        // From the last to the first, so that what is inside is done before what is around it.
        var end = text.count
        while let start = Self.find(Self.castOfArray, in: text, 0..<end, last: true) {
            end = start
            let tree = NodeTree(bytes: text, relation: relation, context: context)
            guard let node = tree.node(at: start), let replacement = tree.uncast(node) else { continue }
            text.replaceSubrange(node, with: replacement)
        }
        return text
    }

    /// An `{ARRAYEXPR`, which 14 calls an `{ARRAY`; another cast begins so too, and has no elements.
    private static let castOfArray = Array("{ARRAYCOERCEEXPR :arg {ARRAY".utf8)
    private static let tested = Array("{CASETESTEXPR ".utf8)

    private func uncast(_ cast: Range<Int>) -> [UInt8]? {
        guard let array = value(of: "arg", in: cast), let conversion = value(of: "elemexpr", in: cast),
            let type = value(of: "resulttype", in: cast), let collation = value(of: "resultcollid", in: cast),
            let list = value(of: "elements", in: array), let isNested = value(of: "multidims", in: array),
            let elementType = value(of: "resulttype", in: conversion) ?? value(of: "funcresulttype", in: conversion),
            bytes[isNested].elementsEqual("false".utf8), let test = Self.find(Self.tested, in: bytes, conversion),
            let tested = node(at: test)
        else { return nil }
        let label = bytes[array].prefix { $0 != UInt8(ascii: " ") }
        var text = Array(label) + Array(" :array_typeid ".utf8) + bytes[type]
        text += Array(" :array_collid ".utf8) + bytes[collation]
        text += Array(" :element_typeid ".utf8) + bytes[elementType] + Array(" :elements (".utf8)
        var index = list.lowerBound + 1
        var isFirst = true
        while index < list.upperBound, let element = node(at: index) {
            if !isFirst { text.append(UInt8(ascii: " ")) }
            isFirst = false
            text += bytes[conversion.lowerBound..<tested.lowerBound] + bytes[element]
            text += bytes[tested.upperBound..<conversion.upperBound]
            index = element.upperBound
            while index < list.upperBound, bytes[index] == UInt8(ascii: " ") { index += 1 }
        }
        // What stands between here and the end is where it stood in a source text.
        return text + Array(") :multidims false}".utf8)
    }

    /// The node that begins here, with its braces.
    private func node(at start: Int) -> Range<Int>? {
        guard start < bytes.count, bytes[start] == UInt8(ascii: "{") else { return nil }
        return group(at: start)
    }

    /// From a brace or parenthesis to the one that closes it.
    private func group(at start: Int) -> Range<Int>? {
        var depth = 0
        var index = start
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "{"), UInt8(ascii: "("): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: ")"):
                depth -= 1
                if depth == 0 { return start..<index + 1 }
            case UInt8(ascii: " "): break
            default:
                index = tokenEnd(index, bytes.count)
                continue
            }
            index += 1
        }
        return nil
    }

    /// What stands after `:name` in a node itself, not in one within it.
    private func value(of name: String, in node: Range<Int>) -> Range<Int>? {
        let field = [UInt8(ascii: ":")] + Array(name.utf8)
        var index = node.lowerBound + 1
        while index < node.upperBound - 1 {
            switch bytes[index] {
            case UInt8(ascii: " "): index += 1
            case UInt8(ascii: "{"), UInt8(ascii: "("):
                guard let inner = group(at: index) else { return nil }
                index = inner.upperBound
            default:
                let end = tokenEnd(index, node.upperBound)
                if bytes[index..<end] == field[...] {
                    let start = end + 1
                    let isGroup = bytes[start] == UInt8(ascii: "{") || bytes[start] == UInt8(ascii: "(")
                    return isGroup ? group(at: start) : start..<tokenEnd(start, node.upperBound)
                }
                index = max(end, index + 1)
            }
        }
        return nil
    }

    private static func find(_ pattern: [UInt8], in bytes: [UInt8], _ range: Range<Int>, last: Bool = false) -> Int? {
        guard range.count >= pattern.count else { return nil }
        let places = range.lowerBound...(range.upperBound - pattern.count)
        guard last else { return findFirst(pattern, in: bytes, places) }
        func matches(_ place: Int) -> Bool {
            bytes[place] == pattern[0] && bytes[place + 1] == pattern[1]
                && bytes[place..<(place + pattern.count)] == pattern[...]
        }
        return places.last(where: matches)
    }

    /// Every tree is searched, and almost none has one: so from brace to brace.
    private static func findFirst(_ pattern: [UInt8], in bytes: [UInt8], _ places: ClosedRange<Int>) -> Int? {
        bytes.withUnsafeBytes { buffer in
            guard let base = buffer.baseAddress else { return nil }
            var place = places.lowerBound
            while place <= places.upperBound {
                let found = memchr(base + place, CInt(pattern[0]), places.upperBound + 1 - place)
                guard let found else { return nil }
                if memcmp(found, pattern, pattern.count) == 0 { return base.distance(to: UnsafeRawPointer(found)) }
                place = base.distance(to: UnsafeRawPointer(found)) + 1
            }
            return nil
        }
    }
}
