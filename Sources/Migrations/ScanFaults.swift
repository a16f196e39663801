/// What a file may not hold, with the place of each; a hostile file cannot make it grow without end.
struct ScanFaults {
    enum Kind: Equatable {
        case nulByte, invalidUTF8, byteOrderMark
        case bidiControl(UInt32)
        case metaCommand(String)
        case transactionControl(String)
        case literalPassword
        case nonStandardStrings
        case unterminated(SQLToken.Kind)
        case textAfterCopy, copyWithoutData
        case textAfterBreak, breakInsideToken
        case lateDirective, unknownDirective
    }

    static let limit = 20

    private(set) var found: [(kind: Kind, range: Range<Int>)] = []
    private(set) var omitted = 0

    mutating func report(_ kind: Kind, at range: Range<Int>) {
        if found.count < Self.limit {
            found.append((kind, range))
        } else {
            omitted += 1
        }
    }

    mutating func report(_ other: ScanFaults) {
        for fault in other.found { report(fault.kind, at: fault.range) }
        omitted += other.omitted
    }
}
