package import Discovery

/// Databases for which no entry was written, a line for each, or for many of one reason.
package struct LeftOutText: Sendable {
    private let leftOut: [ManifestDraft.LeftOut]

    package init(_ leftOut: [ManifestDraft.LeftOut]) {
        self.leftOut = leftOut
    }

    package func lines(_ detail: Detail) -> [String] {
        let folds = detail == .folded && leftOut.count > mostUnfolded
        let groups = folds ? leftOut.grouped { [$0.instance, $0.reason] } : leftOut.map { [$0] }
        return groups.flatMap { group in
            let first = group[0]
            guard group.count > mostListed else {
                return group.map { "Left to you: \($0.instance)/\($0.database) \($0.reason)" }
            }
            let names = Printable.list(group.map(\.database))
            return ["Left to you: \(group.count) databases of \(first.instance), each \(first.reason): \(names)"]
        }
    }
}
