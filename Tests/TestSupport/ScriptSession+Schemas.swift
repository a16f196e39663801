internal import Effects
internal import FleetModel
internal import Schemas

/// Whatever a script's program prints as JSON is what its schema in `docs/schemas` says: no script needs to ask.
extension ScriptSession {
    private static let folder = #filePath.split(separator: "/").dropLast(3).reduce(into: "") { $0 += "/\($1)" }

    private static let schemas = [
        "plan": "plan", "show": "plan", "gate": "plan", "inventory": "inventory", "validate": "diagnostics",
        "discover": "discover",
        "init": "init", "compare": "compare", "history": "history", "unlock": "unlock", "purge": "purge",
        "list": "receipts", "verify": "verifications", "restore": "restored", "apply": "event",
    ]

    static func holdAgainstSchema(_ arguments: [String], _ result: CommandResult) throws {
        let format = arguments.firstIndex(of: "--format").map { arguments.dropFirst($0 + 1).first == "json" }
        guard format == true || arguments.contains("--format=json"), !result.output.isEmpty,
            let command = arguments.first(where: { schemas[$0] != nil }), let name = schemas[command]
        else { return }
        // Apply writes a document a line.
        let lines = result.output.split(separator: UInt8(ascii: "\n"))
        for line in lines {
            let document: JSONValue
            do { document = try JSONValue(parsing: Array(line)) } catch {
                throw Misstep(
                    "what it printed is no JSON: \(error): \(String(decoding: line.prefix(200), as: UTF8.self))"
                )
            }
            let isFault = document["diagnostics"] != nil
            let faults = try schema(isFault ? "diagnostics" : name).faults(in: document)
            guard faults.isEmpty else {
                throw Misstep("what it printed is not what docs/schemas/\(name).schema.json says: \(faults)")
            }
        }
    }

    private static func schema(_ name: String) throws -> JSONSchema {
        let path = "\(folder)/docs/schemas/\(name).schema.json"
        guard let bytes = Files.bytes(path) else { throw Misstep("\(path) cannot be read") }
        return try JSONSchema(JSONValue(parsing: bytes), isStrict: true)
    }
}
