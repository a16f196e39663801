import FleetModel

/// The keys and values of one mapping, each known to be allowed there.
struct Fields {
    /// What the mapping is, as a diagnostic names it: `the class`, `"migrations"`.
    let title: String
    /// Where a missing key is reported.
    let range: SourceRange
    let pairs: [YAMLPair]

    subscript(key: String) -> YAMLNode? { pair(key)?.value }

    func pair(_ key: String) -> YAMLPair? { pairs.first { $0.key.value == key } }
}

/// The known word nearest to a mistyped one, where one is near enough.
package func nearest(to word: String, among known: [String]) -> String? {
    let typed = Array(word.lowercased().unicodeScalars)
    guard typed.count <= 64 else { return nil }
    // `prod`, `dev`: an abbreviation of one of them only.
    let longer = known.filter { $0.lowercased().unicodeScalars.starts(with: typed) }
    if typed.count >= 3, longer.count == 1 { return longer[0] }
    var best: (word: String, distance: Int)?
    for candidate in known {
        let target = Array(candidate.lowercased().unicodeScalars)
        // A third of the letters may be wrong; more is another word.
        let allowed = max(1, max(typed.count, target.count) / 3)
        let distance = editDistance(typed, target)
        if distance <= allowed, distance < best?.distance ?? .max { best = (candidate, distance) }
    }
    return best?.word
}

/// Insertions, deletions, replacements and swaps of neighbours (optimal string alignment).
private func editDistance(_ left: [Unicode.Scalar], _ right: [Unicode.Scalar]) -> Int {
    var beforePrevious: [Int] = []
    var previous = Array(0...right.count)
    for (row, leftScalar) in left.enumerated() {
        var current = [row + 1]
        for (column, rightScalar) in right.enumerated() {
            let replaced = previous[column] + (leftScalar == rightScalar ? 0 : 1)
            var distance = min(replaced, previous[column + 1] + 1, current[column] + 1)
            if row > 0, column > 0, leftScalar == right[column - 1], left[row - 1] == rightScalar {
                distance = min(distance, beforePrevious[column - 1] + 1)
            }
            current.append(distance)
        }
        (beforePrevious, previous) = (previous, current)
    }
    return previous[right.count]
}
