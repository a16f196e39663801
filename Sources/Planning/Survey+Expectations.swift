internal import FleetModel
internal import Migrations

extension Survey {
    /// Says of each class whether its code is ahead of its migrations, once, at the first server that has its databases.
    mutating func compareCode() {
        for databaseClass in input.classes {
            let name = databaseClass.name.value
            guard let folder = input.folders[name], let (instance, major) = home(of: name),
                let expected = input.expected[ExpectationKey(className: name, major: major)],
                let whole = input.replays[ReplayRequest(whole: folder, major: major)]
            else { continue }
            let code = CodeRemarks(folder: folder, expected: expected, whole: whole, rules: databaseClass.drift)
            findings += code.remarks.map { remark in
                var finding = remark.finding(instance: instance, database: nil)
                finding.location = FilePosition(databaseClass.expects?.range ?? databaseClass.name.range)
                return finding
            }
        }
    }

    private func home(of className: String) -> (instance: String, major: Int)? {
        for instance in environment.instances where instance.state == .active {
            let name = instance.name.value
            guard input.narrowing.includes(instance: name), !obstructed.contains(name),
                environment.entries.contains(where: { $0.className.value == className && $0.instance.value == name }),
                let facts = input.observed.instances.first(where: { $0.name == name })?.facts
            else { continue }
            return (name, facts.version.major)
        }
        return nil
    }
}
