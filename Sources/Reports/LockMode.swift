internal import FleetModel

extension TableLock {
    /// `ShareRowExclusiveLock` as the manual writes it: `SHARE ROW EXCLUSIVE`.
    var words: String {
        var words = ""
        for character in mode.hasSuffix("Lock") ? mode.dropLast(4) : mode[...] {
            if character.isUppercase, !words.isEmpty { words += " " }
            words += character.uppercased()
        }
        return words
    }
}
