internal import FleetModel

/// Findings that say the same of several databases or objects, shown once.
struct FindingGroup: Hashable {
    var code: FindingCode
    var severity: Severity
    var message: String
    var hint: String?
    /// `instance` or `instance/database`, each once.
    var places: [String]
    var objects: [String]
    /// What in the manifests or migrations causes them, where that is one place.
    var location: FilePosition?

    /// The gravest first; those of one severity by where they are, what is said of an instance as a whole before the rest.
    static func ordered(_ findings: [Finding]) -> [FindingGroup] {
        let groups = groups(of: findings)
        return Severity.allCases.flatMap { severity in
            groups.enumerated().filter { $0.element.severity == severity }.sorted { left, right in
                let (own, other) = (left.element.places.first ?? "", right.element.places.first ?? "")
                return own == other ? left.offset < right.offset : own < other
            }.map(\.element)
        }
    }

    /// In the order of their first appearance.
    static func groups(of findings: [Finding]) -> [FindingGroup] {
        struct Words: Hashable {
            var code: FindingCode
            var severity: Severity
            var message: String
            var hint: String?
            var instance: String
        }
        struct Place: Hashable {
            var words: Words
            var name: String
        }
        // First what is said of each place, then places of which exactly the same is said: an object of one database must
        // not read as one of another.
        var order: [Place] = []
        var objects: [Place: [String]] = [:]
        var locations: [Place: FilePosition] = [:]
        for finding in findings {
            let words = Words(
                code: finding.code,
                severity: finding.severity,
                message: finding.message,
                hint: finding.hint,
                instance: finding.instance
            )
            let place = Place(words: words, name: finding.database ?? "")
            if objects[place] == nil {
                order.append(place)
                locations[place] = finding.location
            }
            let known = objects[place, default: []]
            objects[place] = known + (finding.object.map { known.contains($0) ? [] : [$0] } ?? [])
        }
        var groups: [FindingGroup] = []
        var positions: [Words: [[String]: Int]] = [:]
        for place in order {
            let words = place.words
            let about = objects[place] ?? []
            let name = place.name.isEmpty ? [] : [place.name]
            if let position = positions[words]?[about] {
                groups[position].places += name
                if groups[position].location != locations[place] { groups[position].location = nil }
                continue
            }
            positions[words, default: [:]][about] = groups.count
            groups.append(
                FindingGroup(
                    code: words.code,
                    severity: words.severity,
                    message: words.message,
                    hint: words.hint,
                    places: name,
                    objects: about,
                    location: locations[place]
                )
            )
        }
        return groups
    }
}

extension FindingGroup {
    /// Of differences that the same databases have, a reader is shown so many; JSON has them all.
    private static let mostDifferences = 12

    /// The groups to show, and how many differences are left out.
    static func abridged(_ groups: [FindingGroup]) -> (shown: [FindingGroup], untold: Int) {
        var counts: [[String]: Int] = [:]
        let shown = groups.filter { group in
            guard group.code == .schemaDrift, group.severity == .error else { return true }
            counts[group.places, default: 0] += 1
            return counts[group.places, default: 0] <= mostDifferences
        }
        return (shown, groups.count - shown.count)
    }
}
