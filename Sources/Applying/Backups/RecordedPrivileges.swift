package import FleetModel

/// Who owns what a database holds and who may do what with it, as far as a restore brings it back.
///
/// Only what is not as it is in the beginning: what belongs to somebody else than the database's owner, and what was
/// granted or taken away. Extensions are left out, since a superuser's may become another's; so is what only a superuser
/// could restore, and what no catalog shows: tables of histories and what was set aside.
package struct RecordedPrivileges: Sendable, Hashable {
    package struct Entry: Sendable, Hashable {
        package var id: ObjectID
        package var digest: Fingerprint

        package init(id: ObjectID, digest: Fingerprint) {
            self.id = id
            self.digest = digest
        }
    }

    /// Sorted by identity.
    package var entries: [Entry]

    package init(entries: [Entry]) { self.entries = entries }

    package init(_ catalog: Catalog) {
        entries = catalog.objects.compactMap { object in
            guard let digest = object.privileges, digest != CatalogObject.privilegesOfTheStart,
                object.id.kind != .extension, !Catalog.superuserKinds.contains(object.id.kind)
            else { return nil }
            return Entry(id: object.id, digest: digest)
        }
    }

    /// What has another owner or other privileges in `copy`.
    package func differences(in copy: RecordedPrivileges) -> [ContentDifference] {
        let (mine, theirs) = (index, copy.index)
        let names = mine.merging(theirs) { first, _ in first }
        return names.filter { mine[$0.key]?.digest != theirs[$0.key]?.digest }.map(\.value.id).sorted()
            .map { .privileges($0) }
    }

    /// By the names' bytes: Swift holds two spellings of one letter for equal, a server does not.
    private var index: [[UInt8]: Entry] {
        Dictionary(
            entries.map { entry in
                let id = entry.id
                return ([id.kind.rawValue, id.schema ?? "", id.name].flatMap { Array($0.utf8) + [0] }, entry)
            }
        ) { first, _ in first }
    }
}
