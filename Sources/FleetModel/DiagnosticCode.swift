/// The stable codes of diagnostics; `docs/diagnostics.md` explains each.
package enum DiagnosticCode: String, Sendable, Hashable, CaseIterable {
    // YAML and its shape
    case fileUnreadable = "file-unreadable"
    case yamlSyntax = "yaml-syntax"
    case yamlForbidden = "yaml-forbidden"
    case limitExceeded = "limit-exceeded"
    case unknownKey = "unknown-key"
    case duplicateKey = "duplicate-key"
    case missingKey = "missing-key"
    case wrongType = "wrong-type"
    case wrongValue = "wrong-value"

    // What the manifests say
    case duplicateName = "duplicate-name"
    case danglingReference = "dangling-reference"
    case literalSecret = "literal-secret"
    case secretReadable = "secret-readable"
    case pathEscapes = "path-escapes"
    case nameTooLong = "name-too-long"
    case claimedTwice = "claimed-twice"
    case retiringTarget = "retiring-target"
    case unsafePolicy = "unsafe-policy"
    case tlsRequired = "tls-required"
    case notSupported = "not-supported"

    // Migration folders
    case migrationFolder = "migration-folder"
    case migrationJournal = "migration-journal"
    case migrationFile = "migration-file"
    case migrationOrder = "migration-order"
    case migrationsCollide = "migrations-collide"
    case migrationContent = "migration-content"
    case migrationSnapshot = "migration-snapshot"
    case unknownVersion = "unknown-version"
    case tablesDiffer = "tables-differ"

    // What the code expects
    case expectedSchema = "expected-schema"
}
