internal import FleetModel

/// What drizzle-kit remembers of the schema beside a migration; only its ids are read here.
///
/// drizzle's migrators never look at one, and reconcile never compares a schema with one: what a migration does is what it
/// did on scratch. But drizzle-kit generates the next migration from them, so one that is missing, left over or was merged
/// from two branches makes the next migration wrong. As in drizzle-kit's `src/utils.ts` (`validateWithReport`),
/// `src/dialects/postgres/snapshot.ts` and `src/cli/commands/check.ts`.
struct DrizzleSnapshot {
    /// Relative to the root.
    let file: String
    let head: JSONHead
    private let bytes: [UInt8]

    /// What drizzle-kit writes as the one before the first.
    static let origin = "00000000-0000-0000-0000-000000000000"

    /// One layout's shape of it.
    struct Shape {
        var version: String
        var older: Set<String>
        var dialects: Set<String>
        /// The key that names what it was generated from.
        var previous: String

        static let journal = Shape(
            version: "7",
            older: ["1", "2", "3", "4", "5", "6"],
            dialects: ["postgresql", "pg"],
            previous: "prevId"
        )
        static let folders = Shape(
            version: "8",
            older: ["1", "2", "3", "4", "5", "6", "7"],
            dialects: ["postgres"],
            previous: "prevIds"
        )
    }

    var id: String? { head.text("id") }

    /// The ids it was generated from, without the origin.
    func previous(_ shape: Shape) -> [String] {
        (head.texts(shape.previous) ?? head.text(shape.previous).map { [$0] } ?? []).filter { $0 != Self.origin }
    }

    func range(_ key: String) -> SourceRange { LineIndex(bytes).range(head.range(of: key), in: file) }

    func warning(
        _ message: String,
        _ code: DiagnosticCode = .migrationSnapshot,
        at key: String,
        hint: String? = nil
    ) -> Diagnostic {
        Diagnostic(.warning, code, message, at: range(key), hint: hint)
    }

    enum Reading {
        case missing
        case broken(Diagnostic)
        case read(DrizzleSnapshot, [Diagnostic])
    }

    /// Reads a snapshot and says what drizzle-kit would not accept of it.
    static func read(_ name: String, of shape: Shape, in folder: borrowing FolderListing) -> Reading {
        let file = folder.path(of: name)
        let bytes: [UInt8]
        do {
            bytes = try folder.reader.read(name)
        } catch .missing {
            return .missing
        } catch {
            var diagnostic = error.diagnostic(.migrationSnapshot, file: file, at: nil)
            // Nothing that runs depends on it.
            diagnostic.severity = .warning
            return .broken(diagnostic)
        }
        let snapshot = DrizzleSnapshot(file: file, head: JSONHead(bytes), bytes: bytes)
        if let fault = snapshot.head.fault {
            return .broken(
                Diagnostic(
                    .warning,
                    .migrationSnapshot,
                    "the snapshot is not JSON from here on, and drizzle-kit stops at it",
                    at: LineIndex(bytes).range(fault..<fault, in: file),
                    hint: "a merge that was not resolved is the usual cause"
                )
            )
        }
        return .read(snapshot, snapshot.headFaults(shape))
    }

    private func headFaults(_ shape: Shape) -> [Diagnostic] {
        var diagnostics: [Diagnostic] = []
        let version = head.text("version")
        if let version, shape.older.contains(version) {
            diagnostics.append(
                warning(
                    "the snapshot is of the older version \"\(version)\", and drizzle-kit check stops at it",
                    at: "version",
                    hint: "drizzle-kit up brings it to \"\(shape.version)\""
                )
            )
        } else if version != shape.version {
            let what = version.map { "a snapshot of version \"\($0)\" is not known" } ?? "the snapshot says no version"
            diagnostics.append(warning(what, at: "version", hint: "\"\(shape.version)\" is"))
        } else if let dialect = head.text("dialect"), !shape.dialects.contains(dialect) {
            diagnostics.append(
                Diagnostic(
                    .error,
                    .migrationSnapshot,
                    "the snapshot is for \"\(dialect)\"",
                    at: range("dialect"),
                    hint: "only migrations for PostgreSQL can be applied here"
                )
            )
        }
        for key in ["id", shape.previous] where head.values[key] == nil || head.values[key] == .other {
            diagnostics.append(warning("the snapshot has no \"\(key)\", and drizzle-kit check stops at it", at: key))
        }
        return diagnostics
    }
}

/// Snapshots in the order of their migrations, and what is wrong between them.
struct DrizzleSnapshots {
    private let shape: DrizzleSnapshot.Shape
    private var found: [(tag: String, snapshot: DrizzleSnapshot)] = []
    /// Whether one before the next to be added is missing or broken, so that what follows names an id nobody knows.
    private var hasGap = false
    private var isWhole = true
    private(set) var diagnostics: [Diagnostic] = []

    init(_ shape: DrizzleSnapshot.Shape) {
        self.shape = shape
    }

    var isEmpty: Bool { found.isEmpty && isWhole }

    mutating func report(_ diagnostic: Diagnostic) { diagnostics.append(diagnostic) }

    /// Notes that a migration has none.
    mutating func skip() {
        hasGap = true
        isWhole = false
    }

    /// Adds the snapshot of one migration; false where it is missing.
    mutating func add(_ name: String, of tag: String, in folder: borrowing FolderListing) -> Bool {
        switch DrizzleSnapshot.read(name, of: shape, in: folder) {
        case .missing: return false
        case .broken(let diagnostic):
            diagnostics.append(diagnostic)
            skip()
        case .read(let snapshot, let faults):
            diagnostics += faults
            link(snapshot)
            found.append((tag, snapshot))
            hasGap = false
        }
        return true
    }

    private func tag(ofID id: String) -> String? { found.first { $0.snapshot.id == id }?.tag }

    /// What a snapshot says of those before it.
    private mutating func link(_ snapshot: DrizzleSnapshot) {
        if let id = snapshot.id, let other = tag(ofID: id) {
            diagnostics.append(
                snapshot.warning(
                    "the snapshot has the id of that of \"\(other)\"",
                    at: "id",
                    hint: "it was copied: delete the migration and generate it again"
                )
            )
        }
        guard snapshot.head.values[shape.previous] != nil else { return }
        let previous = snapshot.previous(shape)
        for id in previous where tag(ofID: id) == nil && !hasGap {
            diagnostics.append(
                snapshot.warning(
                    "the snapshot follows one (\(id.prefix(8))…) that no migration before it has",
                    at: shape.previous,
                    hint: "the migration before was deleted or renamed, or is newer: generate this one again"
                )
            )
        }
        guard shape.previous == DrizzleSnapshot.Shape.journal.previous else {
            if previous.isEmpty, let first = found.first, !hasGap {
                diagnostics.append(
                    snapshot.warning(
                        "the snapshot begins anew, as that of \"\(first.tag)\" does: it holds nothing of what was there",
                        at: shape.previous,
                        hint: "two histories were put into one folder; drizzle-kit check says whether they get along"
                    )
                )
            }
            return
        }
        // Of a chain each has one before it; the origin, too, can be that of one only.
        if let other = found.first(where: { $0.snapshot.previous(shape) == previous }) {
            diagnostics.append(
                snapshot.warning(
                    "the snapshot follows the same one as that of \"\(other.tag)\": drizzle-kit calls it a collision and "
                        + "generates nothing until it is gone",
                    .migrationsCollide,
                    at: shape.previous,
                    hint: "two branches were merged: delete the newer migration and generate it again"
                )
            )
        }
    }

    /// Migrations that none was generated from, in the order of the folder.
    private var leaves: [(tag: String, snapshot: DrizzleSnapshot)] {
        let followed = Set(found.flatMap { $0.snapshot.previous(shape) })
        return found.filter { $0.snapshot.id.map { !followed.contains($0) } ?? false }
    }

    /// Branches that nothing has joined yet; only known where every snapshot is.
    mutating func reportBranches() {
        let leaves = leaves
        guard isWhole, leaves.count > 1, let last = leaves.last else { return }
        for leaf in leaves.dropLast() {
            diagnostics.append(
                leaf.snapshot.warning(
                    "\"\(leaf.tag)\" and \"\(last.tag)\" are ends of two branches that no later migration joins",
                    .migrationsCollide,
                    at: "id",
                    hint:
                        "drizzle-kit check says whether they can run in either order; the next migration generated joins them"
                )
            )
        }
    }
}
