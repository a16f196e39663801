/// Privileges in one form: items in one order, the database's owner by a mark instead of a name, and nothing where they
/// are what PostgreSQL gives by default.
///
/// See <https://www.postgresql.org/docs/current/ddl-priv.html>.
enum AccessList {
    /// What decides on the privileges that are there by default.
    enum Kind { case schema, relation, column, function, type, language, foreign, none }

    /// Stands for the database's owner.
    static let ownerMark: [UInt8] = [NameMap.mark]

    /// Stands for whoever ran initdb.
    static let nobody = Array("\\N".utf8)

    /// Writes the canonical form of an `aclitem[]` cell; writes nothing where it says what the default says.
    ///
    /// `starter` is who ran initdb, where that role's name does not count.
    static func append(
        _ cell: ArraySlice<UInt8>,
        _ kind: Kind,
        isSequence: Bool,
        owner: [UInt8],
        databaseOwner: [UInt8],
        starter: [UInt8]? = nil,
        to out: inout [UInt8]
    ) {
        let items = elements(cell).map { item($0, databaseOwner, starter) }.sorted { $0.lexicographicallyPrecedes($1) }
        let ownerName = owner == databaseOwner ? ownerMark : owner
        if defaults(kind, isSequence: isSequence, ownerName).contains(where: { $0 == items }) { return }
        for item in items {
            out.append(contentsOf: item)
            out.append(NameMap.dot)
        }
    }

    /// The elements of an array in text form, quotes and both layers of escapes undone.
    static func elements(_ cell: ArraySlice<UInt8>) -> [[UInt8]] {
        let text = CopyRows.unescape(cell)
        guard text.first == UInt8(ascii: "{"), text.last == UInt8(ascii: "}"), text.count > 2 else { return [] }
        var elements: [[UInt8]] = [[]]
        var isQuoted = false
        var isEscaped = false
        for byte in text.dropFirst().dropLast() {
            if isEscaped {
                elements[elements.count - 1].append(byte)
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if byte == UInt8(ascii: "\"") {
                isQuoted.toggle()
            } else if byte == UInt8(ascii: ","), !isQuoted {
                elements.append([])
            } else {
                elements[elements.count - 1].append(byte)
            }
        }
        return elements
    }

    /// A name that may stand in double quotes, from `index` on.
    static func identifier(_ text: [UInt8], _ index: inout Int, until end: UInt8?) -> [UInt8] {
        var name: [UInt8] = []
        guard index < text.count, text[index] == UInt8(ascii: "\"") else {
            while index < text.count, text[index] != end {
                name.append(text[index])
                index += 1
            }
            return name
        }
        index += 1
        while index < text.count {
            if text[index] == UInt8(ascii: "\"") {
                index += 1
                guard index < text.count, text[index] == UInt8(ascii: "\"") else { break }
            }
            name.append(text[index])
            index += 1
        }
        return name
    }

    /// `grantee=privileges/grantor`.
    private static func item(_ text: [UInt8], _ databaseOwner: [UInt8], _ starter: [UInt8]?) -> [UInt8] {
        var index = 0
        let grantee = identifier(text, &index, until: UInt8(ascii: "="))
        var rights: [UInt8] = []
        while index < text.count, text[index] != UInt8(ascii: "/") {
            rights.append(text[index])
            index += 1
        }
        index += 1
        let grantor = identifier(text, &index, until: nil)
        func canonical(_ name: [UInt8]) -> [UInt8] {
            name == starter ? nobody : name == databaseOwner ? ownerMark : name
        }
        return canonical(grantee) + [NameMap.dot] + rights + [NameMap.dot] + canonical(grantor)
    }

    private static func defaults(_ kind: Kind, isSequence: Bool, _ owner: [UInt8]) -> [[[UInt8]]] {
        func item(_ grantee: [UInt8], _ rights: String) -> [UInt8] {
            grantee + [NameMap.dot] + Array("=\(rights)".utf8) + [NameMap.dot] + owner
        }
        switch kind {
        case .schema: return [[item(owner, "UC")]]
        case .relation where isSequence: return [[item(owner, "rwU")]]
        // `m` is new in 17; the letters come in this order.
        case .relation: return [[item(owner, "arwdDxt")], [item(owner, "arwdDxtm")]]
        case .function: return [[item([], "X"), item(owner, "X")].sorted { $0.lexicographicallyPrecedes($1) }]
        case .type, .language: return [[item([], "U"), item(owner, "U")].sorted { $0.lexicographicallyPrecedes($1) }]
        case .foreign: return [[item(owner, "U")]]
        case .column, .none: return [[]]
        }
    }
}
