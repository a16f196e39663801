internal import FleetModel

extension Survey {
    /// Refuses work that needs an extension which the server has not got: scratch, which has it, sees no fault.
    func refuseForExtensions(_ assessment: inout Assessment, _ there: Catalog?, _ facts: ServerFacts) {
        guard let installed = facts.extensions, case .work(let route) = assessment.course,
            let destination = route.destination
        else { return }
        let lacking = destination.extensionNames.subtracting(there?.extensionNames ?? []).subtracting(installed)
            .sorted()
        guard !lacking.isEmpty else { return }
        assessment.remarks += lacking.map { name in
            Remark(
                .migrationFails,
                .error,
                object: name,
                "needs the extension \"\(name)\", which is not installed on this server",
                hint: "install it there; `SELECT name FROM pg_available_extensions` lists what is"
            )
        }
        let names = lacking.joined(separator: ", ")
        assessment.course = .stuck(why: "\(names) \(lacking.count == 1 ? "is" : "are") not installed on the server")
    }
}

extension Catalog {
    fileprivate var extensionNames: Set<String> {
        Set(objects.map(\.id).filter { $0.kind == .extension }.map(\.name))
    }
}
