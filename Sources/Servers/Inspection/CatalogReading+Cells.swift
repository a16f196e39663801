/// Single cells in canonical form.
extension CatalogReading {
    /// - Returns: false where an OID stayed that may differ between servers.
    @discardableResult
    func append(
        _ rows: CopyRows,
        _ row: Int,
        _ place: Int,
        _ form: ColumnForm,
        _ relation: UInt32,
        to out: inout [UInt8]
    ) -> Bool {
        let range = rows.range(row, place)
        guard !rows.isNull(row, place) else {
            out.append(rows.bytes, range)
            return true
        }
        switch form {
        case .isSet:
            out.append(UInt8(ascii: rows.bytes.number(in: range) != 0 ? "t" : "f"))
            return true
        case .reference(let objectClass):
            return context.names.append(objectClass, rows.bytes.number(in: range), to: &out)
        case .references(let objectClass):
            return appendNumbers(rows.bytes, range, to: &out) { oid, out in
                context.names.append(objectClass, oid, to: &out)
            }
        case .columns: return appendColumns(rows.bytes, range, of: relation, to: &out)
        case .columnsOf(let other): return appendColumns(rows.bytes, range, of: rows.number(row, other), to: &out)
        case .columnSet:
            var names = rows.bytes[range].split { !($0 >= 48 && $0 <= 57) && $0 != UInt8(ascii: "-") }.map { number in
                var name: [UInt8] = []
                _ = appendColumns(rows.bytes, number.startIndex..<number.endIndex, of: relation, to: &name)
                return name
            }
            names.sort { $0.lexicographicallyPrecedes($1) }
            for name in names { out.append(contentsOf: name) }
            return true
        case .set:
            for element in AccessList.elements(rows.bytes[range]).sorted(by: { $0.lexicographicallyPrecedes($1) }) {
                out.append(contentsOf: element)
                out.append(NameMap.dot)
            }
            return true
        case .columnOptions:
            appendOptions(rows.bytes[range], to: &out)
            return true
        case .roles:
            appendRoles(rows.bytes[range], to: &out)
            return true
        case .text:
            DeparsedText.append(rows.bytes[range], to: &out)
            return true
        case .tree:
            // A policy with a query inside comes in words.
            let start = range.lowerBound
            let isList = range.count > 1 && rows.bytes[start] == UInt8(ascii: "(")
            guard rows.bytes[isList ? start + 1 : start] == UInt8(ascii: "{") else {
                DeparsedText.append(rows.bytes[range], to: &out)
                return true
            }
            return NodeTree(bytes: rows.bytes, relation: relation, context: context).append(range, to: &out)
        case .oid, .name, .schema, .owner, .access, .relation, .table, .columnNumber, .kind, .ordinal, .value, .unused:
            out.append(rows.bytes, range)
            return true
        }
    }

    /// Newer minor versions note in every column's options when it was last altered: `{pg_attver=536413856}`, a position in
    /// the log, differs between databases that are equal, and nobody set it.
    func appendOptions(_ cell: ArraySlice<UInt8>, to out: inout [UInt8]) {
        let isBare = Self.version.withUTF8Buffer { cell.starts(with: $0) } && !cell.contains(UInt8(ascii: ","))
        guard !isBare else {
            out.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "N")])
            return
        }
        for option in AccessList.elements(cell).sorted(by: { $0.lexicographicallyPrecedes($1) })
        where !option.starts(with: "pg_attver=".utf8) {
            out.append(contentsOf: option)
            out.append(NameMap.dot)
        }
    }

    private static let version: StaticString = "{pg_attver="

    private func appendColumns(
        _ bytes: [UInt8],
        _ range: Range<Int>,
        of relation: UInt32,
        to out: inout [UInt8]
    ) -> Bool {
        appendNumbers(bytes, range, to: &out) { number, out in
            guard number != 0 else {
                // An expression takes the place of a column.
                out.append(48)
                return true
            }
            return context.names.append(.relation, relation, column: number, to: &out)
        }
    }

    /// `1 2 3` or `{1,2,3}`; what is negative stays as it is.
    private func appendNumbers(
        _ bytes: [UInt8],
        _ range: Range<Int>,
        to out: inout [UInt8],
        _ write: (UInt32, inout [UInt8]) -> Bool
    ) -> Bool {
        var isComplete = true
        var index = range.lowerBound
        while index < range.upperBound {
            var end = index
            while end < range.upperBound, bytes[end] >= 48, bytes[end] <= 57 { end += 1 }
            guard end > index else {
                let isNegative = bytes[index] == UInt8(ascii: "-")
                out.append(bytes[index])
                index += 1
                while isNegative, index < range.upperBound, bytes[index] >= 48, bytes[index] <= 57 {
                    out.append(bytes[index])
                    index += 1
                }
                continue
            }
            isComplete = write(bytes.number(in: index..<end), &out) && isComplete
            index = end
        }
        return isComplete
    }

    /// `{app,"o""dd",-}`, where `-` is everybody.
    private func appendRoles(_ cell: ArraySlice<UInt8>, to out: inout [UInt8]) {
        let owner = CopyRows.unescape(databaseOwner.name)
        let roles = AccessList.elements(cell).map { text in
            var index = 0
            let name = AccessList.identifier(text, &index, until: nil)
            return name == owner ? AccessList.ownerMark : name
        }
        for role in roles.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            out.append(contentsOf: role)
            out.append(NameMap.dot)
        }
    }
}
