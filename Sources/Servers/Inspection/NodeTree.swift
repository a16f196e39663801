/// PostgreSQL's stored expressions (`pg_node_tree`) with everything taken out that depends on how they came about.
///
/// Dropped: places in the source text, and how a call or a cast was written. Mapped: OIDs, column numbers, and OIDs within
/// constants. The text is read in COPY's escapes: a node's own backslash stands there doubled.
/// See <https://github.com/postgres/postgres/blob/REL_15_STABLE/src/backend/nodes/outfuncs.c>.
struct NodeTree {
    private enum Field {
        case dropped
        case reference(ObjectClass)
        case column
        case constantType
        case constantValue
    }

    let bytes: [UInt8]
    /// Whose columns the variables are; 0 where there are none.
    let relation: UInt32
    let context: Context

    /// What constants may hold OIDs of.
    struct Context {
        var names = NameMap()
        /// Enums by OID, and by OID of their array types.
        var enums: Set<UInt32> = []
        var enumArrays: Set<UInt32> = []
    }

    /// Writes the canonical form.
    ///
    /// - Returns: false where an OID stayed that may differ between servers.
    @discardableResult
    func append(_ range: Range<Int>, to out: inout [UInt8]) -> Bool {
        guard let uncast = arraysUncast(range) else { return write(range, to: &out) }
        return NodeTree(bytes: uncast, relation: relation, context: context).write(0..<uncast.count, to: &out)
    }

    private func write(_ range: Range<Int>, to out: inout [UInt8]) -> Bool {
        let fields = Self.fields
        var isComplete = true
        var index = range.lowerBound
        var expectsField = false
        var constantType: UInt32 = 0
        while index < range.upperBound {
            let byte = bytes[index]
            switch byte {
            case UInt8(ascii: " "), UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "{"), UInt8(ascii: "}"):
                out.append(byte)
                index += 1
            default:
                let end = tokenEnd(index, range.upperBound)
                guard expectsField, byte == UInt8(ascii: ":") else {
                    out.append(bytes, index..<end)
                    expectsField = true
                    index = end
                    continue
                }
                guard let field = fields.field(bytes, (index + 1)..<end) else {
                    let start = index
                    out.append(bytes, start..<end)
                    index = skipBlank(end, range.upperBound, &out)
                    isComplete = isKnown(index, range.upperBound, field: bytes[start..<end]) && isComplete
                    // What follows is a value even if it begins like a field.
                    if index < range.upperBound, bytes[index] == UInt8(ascii: ":") {
                        let valueEnd = tokenEnd(index, range.upperBound)
                        out.append(contentsOf: bytes[index..<valueEnd])
                        index = valueEnd
                    }
                    continue
                }
                if case .dropped = field {
                    index = tokenEnd(min(end + 1, range.upperBound), range.upperBound)
                    if out.last == UInt8(ascii: " ") { out.removeLast() }
                    continue
                }
                out.append(bytes, index..<end)
                index = skipBlank(end, range.upperBound, &out)
                isComplete =
                    appendValue(of: field, &index, range.upperBound, &constantType, &out) && isComplete
            }
        }
        return isComplete
    }

    private func appendValue(
        of field: Field,
        _ index: inout Int,
        _ limit: Int,
        _ constantType: inout UInt32,
        _ out: inout [UInt8]
    ) -> Bool {
        switch field {
        case .dropped: return true
        case .constantValue: return appendConstant(&index, limit, constantType, &out)
        case .column:
            let end = tokenEnd(index, limit)
            let number = bytes.number(in: index..<end)
            defer { index = end }
            guard relation != 0, number > 0 else {
                out.append(contentsOf: bytes[index..<end])
                return true
            }
            return context.names.append(.relation, relation, column: number, to: &out)
        case .constantType, .reference:
            var objectClass = ObjectClass.type
            if case .reference(let named) = field { objectClass = named }
            guard index < limit, bytes[index] != UInt8(ascii: "(") else {
                return appendList(of: objectClass, &index, limit, &out)
            }
            let end = tokenEnd(index, limit)
            let oid = bytes.number(in: index..<end)
            if case .constantType = field { constantType = oid }
            index = end
            return context.names.append(objectClass, oid, to: &out)
        }
    }

    /// `(o 123 456)`.
    private func appendList(
        of objectClass: ObjectClass,
        _ index: inout Int,
        _ limit: Int,
        _ out: inout [UInt8]
    ) -> Bool {
        var isComplete = true
        while index < limit {
            let byte = bytes[index]
            if byte >= 48, byte <= 57 {
                let end = tokenEnd(index, limit)
                isComplete = context.names.append(objectClass, bytes.number(in: index..<end), to: &out) && isComplete
                index = end
            } else {
                out.append(byte)
                index += 1
                if byte == UInt8(ascii: ")") { return isComplete }
            }
        }
        return isComplete
    }

    /// `4 [ 1 0 0 0 0 0 0 0 ]`: the bytes of the value, in decimal.
    private func appendConstant(
        _ index: inout Int,
        _ limit: Int,
        _ type: UInt32,
        _ out: inout [UInt8]
    ) -> Bool {
        let start = index
        while index < limit, bytes[index] != UInt8(ascii: "]"), bytes[index] != UInt8(ascii: "<") { index += 1 }
        let end = bytes[start] == UInt8(ascii: "<") ? tokenEnd(start, limit) : min(index + 1, limit)
        index = end
        guard bytes[start] != UInt8(ascii: "<"), let held = oids(in: start..<end, type) else {
            out.append(contentsOf: bytes[start..<end])
            return true
        }
        var isComplete = true
        var mapped: [UInt8] = []
        for oid in held.oids {
            mapped.append(UInt8(ascii: " "))
            isComplete = context.names.append(held.objectClass, oid, to: &mapped) && isComplete
        }
        // Half a mapping would be a number that means nothing: all or none.
        out.append(contentsOf: isComplete ? mapped[...] : bytes[start..<end])
        return isComplete
    }

    /// The OIDs that a constant's bytes hold, where its type says that it holds any.
    private func oids(in range: Range<Int>, _ type: UInt32) -> (objectClass: ObjectClass, oids: [UInt32])? {
        let element: ObjectClass
        let isArray: Bool
        if let found = Self.registered[type] {
            (element, isArray) = (found, false)
        } else if let found = Self.registeredArrays[type] {
            (element, isArray) = (found, true)
        } else if context.enums.contains(type) {
            (element, isArray) = (.enumLabel, false)
        } else if context.enumArrays.contains(type) {
            (element, isArray) = (.enumLabel, true)
        } else {
            return nil
        }
        let numbers = bytes[range].split(separator: UInt8(ascii: " ")).compactMap { word -> UInt8? in
            var digits = word
            let isNegative = digits.first == UInt8(ascii: "-")
            if isNegative { digits.removeFirst() }
            guard let first = digits.first, first >= 48, first <= 57 else { return nil }
            let value = digits.reduce(0) { $0 &* 10 &+ Int($1) - 48 }
            return UInt8(truncatingIfNeeded: isNegative ? -value : value)
        }
        // The first number is the length.
        let content = numbers.dropFirst()
        func word(_ place: Int) -> UInt32 {
            (0..<4).reduce(0) { $0 | UInt32(content[content.startIndex + place + $1]) << (8 * UInt32($1)) }
        }
        guard isArray else { return content.count >= 4 ? (element, [word(0)]) : nil }
        // Length word, dimensions, offset of the data (0: no nulls), element type, then for each dimension size and bound.
        guard content.count >= 24, word(4) == 1, word(8) == 0, (content.count - 24) % 4 == 0 else { return nil }
        return (element, stride(from: 24, to: content.count, by: 4).map(word))
    }

    func tokenEnd(_ start: Int, _ limit: Int) -> Int {
        bytes.withUnsafeBufferPointer { bytes in
            var index = start
            while index < limit {
                switch bytes[index] {
                case UInt8(ascii: " "), UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "{"), UInt8(ascii: "}"):
                    return index
                case UInt8(ascii: "\\"):
                    // COPY's own escape takes two bytes; if it stands for a backslash, that one escapes what follows.
                    let isBackslash = index + 1 < limit && bytes[index + 1] == UInt8(ascii: "\\")
                    index += 2
                    if isBackslash, index < limit { index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1 }
                default: index += 1
                }
            }
            return min(index, limit)
        }
    }

    /// False for a number that may be an OID in a field that is not known to hold one.
    private func isKnown(_ index: Int, _ limit: Int, field: ArraySlice<UInt8>) -> Bool {
        guard index < limit, bytes[index] >= 48, bytes[index] <= 57 else { return true }
        let number = bytes.number(in: index..<tokenEnd(index, limit))
        return number < NameMap.firstUnstable || field.suffix(3).elementsEqual("mod".utf8)
            || field.suffix(3).elementsEqual("Mod".utf8)
    }

    private func skipBlank(_ index: Int, _ limit: Int, _ out: inout [UInt8]) -> Int {
        guard index < limit, bytes[index] == UInt8(ascii: " ") else { return index }
        out.append(UInt8(ascii: " "))
        return index + 1
    }

    /// Fields by name: a tree has hundreds, and a dictionary would hash each of them twice.
    private struct FieldTable {
        private var hashes = [UInt64](repeating: 0, count: 256)
        private var values = [Field](repeating: .dropped, count: 256)

        mutating func add(_ name: some Collection<UInt8>, _ field: Field) {
            let bytes = Array(name)
            let hash = Self.hash(bytes, bytes.indices)
            var slot = Int(truncatingIfNeeded: hash) & 255
            while hashes[slot] != 0 { slot = (slot + 1) & 255 }
            (hashes[slot], values[slot]) = (hash, field)
        }

        func field(_ bytes: [UInt8], _ range: Range<Int>) -> Field? {
            let hash = Self.hash(bytes, range)
            var slot = Int(truncatingIfNeeded: hash) & 255
            while hashes[slot] != 0 {
                if hashes[slot] == hash { return values[slot] }
                slot = (slot + 1) & 255
            }
            return nil
        }

        /// FNV-1a.
        private static func hash(_ bytes: [UInt8], _ range: Range<Int>) -> UInt64 {
            bytes.withUnsafeBufferPointer { buffer in
                UnsafeBufferPointer(rebasing: buffer[range])
                    .reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }
            }
        }
    }

    private static let fields: FieldTable = {
        var fields = FieldTable()
        func add(_ names: String, _ field: Field) {
            for name in names.split(separator: " ") { fields.add(name.utf8, field) }
        }
        add("location stmt_location stmt_len list_start list_end checkAsUser", .dropped)
        // `a::text`, `text(a)` and a cast that nobody wrote are the same expression.
        add("funcformat relabelformat coerceformat convertformat coercionformat row_format", .dropped)
        add("opno opnos negop eqop sortop", .reference(.operator))
        add("opfuncid funcid aggfnoid winfnoid hashfuncid negfuncid elemfuncid", .reference(.function))
        add(
            "opcollid inputcollid inputcollids funccollid constcollid varcollid resultcollid array_collid",
            .reference(.collation)
        )
        add(
            "ctecolcollations colcollations funccolcollations casecollid coalescecollid minmaxcollid collation collOid refcollid paramcollid aggcollid wincollid",
            .reference(.collation)
        )
        add(
            "opresulttype funcresulttype vartype resulttype array_typeid element_typeid casetype typeId",
            .reference(.type)
        )
        add(
            "coalescetype minmaxtype row_typeid refcontainertype refelemtype refrestype paramtype type",
            .reference(.type)
        )
        add(
            "ctecoltypes coltypes funccoltypes aggtype aggtranstype aggargtypes wintype typeid seqtypid refassgnexprtype",
            .reference(.type)
        )
        add("opfamilies", .reference(.operatorFamily))
        add("relid seqid resultrelid resorigtbl", .reference(.relation))
        add("varattno varattnosyn", .column)
        add("consttype", .constantType)
        add("constvalue", .constantValue)
        return fields
    }()

    private static let registered: [UInt32: ObjectClass] = [
        2205: .relation, 24: .function, 2202: .function, 2203: .operator, 2204: .operator, 2206: .type, 4089: .schema,
        3734: .textSearchConfiguration, 3769: .textSearchDictionary, 4191: .collation,
    ]
    private static let registeredArrays: [UInt32: ObjectClass] = [
        2210: .relation, 1008: .function, 2207: .function, 2208: .operator, 2209: .operator, 2211: .type, 4090: .schema,
        3735: .textSearchConfiguration, 3770: .textSearchDictionary, 4192: .collation,
    ]
}
