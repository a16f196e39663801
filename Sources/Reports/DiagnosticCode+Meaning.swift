package import FleetModel

extension DiagnosticCode {
    /// What it means, as `docs/diagnostics.md` has it.
    package var meaning: String {
        switch self {
        case .fileUnreadable:
            "a file or folder that is needed does not exist, cannot be opened, or is of the wrong "
                + "kind"
        case .yamlSyntax:
            "from here on the file is not YAML, or not UTF-8"
        case .yamlForbidden:
            "YAML that manifests may not use: an anchor, alias, tag, directive, merge key, tab or "
                + "control character"
        case .limitExceeded:
            "the file is too large, too deep, or has too many nodes or faults"
        case .unknownKey:
            "a key that means nothing in this place"
        case .duplicateKey:
            "a key that the mapping has already"
        case .missingKey:
            "something required is not there"
        case .wrongType:
            "a list, mapping or scalar where another is needed, or no value at all"
        case .wrongValue:
            "the right type, but not a value that is allowed"
        case .duplicateName:
            "two classes, environments, tables, checks or databases of one name, or of names that "
                + "differ only in case or accents"
        case .danglingReference:
            "a class or instance that no manifest declares"
        case .literalSecret:
            "a password or another secret in the manifest itself; its value is shown nowhere"
        case .secretReadable:
            "a file with a secret that other users can read"
        case .pathEscapes:
            "a path that leaves the root through `..`, from `/` or by a link"
        case .nameTooLong:
            "a name of more than 63 bytes, which PostgreSQL would cut"
        case .claimedTwice:
            "a database claimed by two environments, or one server that an environment lists twice"
        case .retiringTarget:
            "an entry that places databases on a retiring instance"
        case .unsafePolicy:
            "a policy that would let production lose data"
        case .tlsRequired:
            "a connection over a network without `sslmode: verify-full` where the policy requires TLS"
        case .notSupported:
            "something this version cannot do yet"
        case .migrationFolder:
            "the folder is not laid out as its format says"
        case .migrationJournal:
            "the folder's journal (`meta/_journal.json`) cannot be read or contradicts itself"
        case .migrationFile:
            "a migration's file is missing, unreadable, or listed nowhere"
        case .migrationOrder:
            "numbers or times that give no order"
        case .migrationsCollide:
            "two migrations made for one place, as two branches do: the same number or version, the same `idx`, or "
                + "snapshots that follow the same one. Where the tool could not tell the two apart an error, else a "
                + "warning, and an error of the [gate](gate.md#migrations-collide)"
        case .migrationContent:
            "a statement that a migration may not hold, such as transaction control or a literal "
                + "password; or one that fails in the server's second database, or under the format's own "
                + "tool"
        case .migrationSnapshot:
            "what drizzle-kit remembers beside a migration is missing, left over, or does not follow "
                + "from the one before"
        case .unknownVersion:
            "a version that names no migration of the folder"
        case .tablesDiffer:
            "a class lists other tables than its migrations create (found on scratch, when planning)"
        case .expectedSchema:
            "what `expects` of a class names is no SQL that can be loaded, no TypeScript, or defines "
                + "no table"
        }
    }
}
