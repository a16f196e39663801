internal import Expectations
internal import FleetModel
internal import ManifestLoading
internal import Migrations
internal import Reports
internal import SystemPackage

/// A reader of what other people wrote, and what holds for it whatever that is.
///
/// That it neither traps nor hangs is seen by whoever runs it.
package enum FuzzTarget: String, CaseIterable, Sendable {
    /// A file in `environments`.
    case manifest
    /// A saved plan.
    case plan
    /// SQL, cut into statements.
    case splitter
    /// A migration's file, in the format that its first byte chooses.
    case migration
    /// drizzle's `meta/_journal.json`.
    case journal
    /// Definitions of tables in TypeScript.
    case typescript

    /// What bytes that somebody wrote break; nil where everything holds.
    ///
    /// `folder` is a folder of this call's own; some files in it are overwritten.
    package func violation(by bytes: [UInt8], in folder: String) -> String? {
        switch self {
        case .manifest: manifest(bytes, FuzzFolder(folder))
        case .plan: plan(bytes)
        case .splitter: splitter(bytes)
        case .migration: migration(bytes, FuzzFolder(folder))
        case .journal: journal(bytes, FuzzFolder(folder))
        case .typescript: typeScript(bytes)
        }
    }

    private func manifest(_ bytes: [UInt8], _ folder: FuzzFolder) -> String? {
        folder.write(bytes, to: "environments/a.yaml")
        let loaded = ManifestLoader.load(root: FilePath(folder.path))
        if loaded.value == nil, loaded.diagnostics.isEmpty { return "refused without a reason" }
        return Places(of: bytes, file: "environments/a.yaml").violation(by: loaded.diagnostics)
    }

    private func plan(_ bytes: [UInt8]) -> String? {
        if let plan = try? Plan(reading: bytes), PlanDocument(plan).bytes != bytes {
            return "written otherwise than read"
        }
        guard let json = try? JSONValue(parsing: bytes) else { return nil }
        guard (try? JSONValue(parsing: json.canonical)) != nil else { return "its canonical form is not read" }
        // With a digest that fits, everything behind the digest is read too.
        guard case .object(let members) = json else { return nil }
        let rest = members.filter { $0.key != "digest" }
        let digest = Fingerprint(of: JSONValue.object(rest).canonical).hex
        let signed = JSONValue.object(rest + [JSONValue.Member("digest", .string(digest))]).canonical
        if let plan = try? Plan(reading: signed), PlanDocument(plan).bytes != signed {
            return "signed, written otherwise"
        }
        return nil
    }

    private func typeScript(_ bytes: [UInt8]) -> String? {
        let read = DrizzleSchema.read([(path: "schema.ts", bytes: bytes)], casing: nil)
        if read.value == nil, read.diagnostics.isEmpty { return "refused without a reason" }
        return Places(of: bytes, file: "schema.ts").violation(by: read.diagnostics)
    }
}
