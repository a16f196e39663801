internal import Effects
internal import Expectations
internal import FleetModel

extension Workspace {
    /// What the code of the classes expects, commands run; each once, however many environments ask.
    func printedExpectations(of classes: Set<String>) async throws -> [String: ExpectedSource] {
        let wanted = expectations.filter { classes.contains($0.key) }
        let secrets = secretVariables
        let printed = await Array(wanted).concurrentMap(limit: 4) { name, source -> (String, ExpectedSource)? in
            do {
                return (name, try await source.printed(withholding: secrets))
            } catch {
                return error is CancellationError ? nil : (name, .failed("\(error)"))
            }
        }
        // Nothing but a cancelled task leaves one out.
        try Task.checkCancellation()
        return Dictionary(uniqueKeysWithValues: printed.compactMap(\.self))
    }

    /// Variables that manifests read passwords from.
    var secretVariables: Set<String> {
        var names: Set<String> = []
        for instance in fleet.environments.flatMap(\.instances) {
            if case .environment(let name)? = instance.password?.value { names.insert(name) }
        }
        return names
    }
}
