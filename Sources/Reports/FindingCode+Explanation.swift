package import FleetModel

extension FindingCode {
    /// What it means and what to do, as `docs/findings.md` has it.
    package var explanation: (meaning: String, remedy: String) {
        switch self {
        case .instanceUnreachable:
            (
                "the server does not answer or refuses the login. Its databases are *unknown*",
                "mend the way to it; nothing is created, moved or dropped because of it"
            )
        case .instanceRetiringInUse:
            (
                "a retiring instance still holds what an entry wants elsewhere. error: it cannot be moved "
                    + "there: two such instances hold one of that name, the server there is of an older major, "
                    + "it is the maintenance database",
                "warning: nothing, it is moved; where one of that name exists on both sides nothing is "
                    + "moved over it: drop or rename one. error: as its hint says"
            )
        case .databaseMissing:
            (
                "an entry names it and it does not exist there",
                "nothing: it is moved from the retiring instance that holds it, else created and migrated"
            )
        case .databaseEmpty:
            (
                "it exists and holds nothing",
                "nothing: all migrations are applied"
            )
        case .databaseUnmanaged:
            (
                "no entry of any environment claims it",
                "write an entry, or set policy `unmanaged`"
            )
        case .migrationsPending:
            (
                "migrations up to the declared version are not applied",
                "nothing: they are applied"
            )
        case .migrationEdited:
            (
                "a file was changed after it ran here: the hash in the history differs",
                "bring the file back and put the change into a new migration"
            )
        case .migrationUnknown:
            (
                "the history holds a row that no file matches",
                "find the file, or see policy `repair`"
            )
        case .migrationUnfinished:
            (
                "the history says that a migration began and did not come to its end, and its own tool "
                    + "would go no further",
                "put it right as the hint says, with the tool itself, or see policy `repair`"
            )
        case .migrationOutOfOrder:
            (
                "migrations were merged late, or ran in another order than the folder's; or the format's "
                    + "own tool would never run one, or run one again",
                "info: scratch proved that the order makes no difference, they are applied. warning: see "
                    + "the hint. error: see policy `repair`"
            )
        case .historyMissing:
            (
                "there is a schema and no history",
                "warning: the schema is that of a version, whose history is written (`adopt`). error: it "
                    + "fits none"
            )
        case .versionAhead:
            (
                "a migration beyond the declared version is applied",
                "declare that version, or see policy `repair`"
            )
        case .tableMisplaced:
            (
                "a table that another class's migrations create. The database is *corrupted*",
                "see policy `repair`; `quarantine` moves it away with all rows"
            )
        case .tableMissing:
            (
                "its history creates the table, and it is not there",
                "see policy `repair`"
            )
        case .tableUnexpected:
            (
                "no migration of the class creates the table",
                "write a migration, or see policy `repair`"
            )
        case .schemaDrift:
            (
                "any other object is missing, not expected, or differs: the message says how it should "
                    + "read and how it does. A warning where only owners or privileges differ; info where a "
                    + "rule of `drift` leaves it out, or only the order of columns differs",
                "write a migration, mend it by hand, see policy `repair`, or write a rule: "
                    + "[manifests.md](manifests.md#drift-that-does-not-count)"
            )
        case .indexInvalid:
            (
                "an interrupted concurrent build left an index that slows writes and answers nothing",
                "nothing: it is built anew, or dropped where no migration makes it"
            )
        case .migrationFails:
            (
                "a pending migration fails on scratch, against the schema that is there",
                "mend the migration; nothing can grant it"
            )
        case .codeAhead:
            (
                "the code (`expects` of the class) has something that no migration makes, no longer has "
                    + "something, or has it otherwise. Of a class, so its database is null; said once, at the "
                    + "first instance with databases of the class",
                "generate the migration: `reconcile generate`, for drizzle `drizzle-kit generate`"
            )
        case .checkFailed:
            (
                "one of the class's checks is not true",
                "look into the rows; nothing here can mend them"
            )
        case .notInspected:
            (
                "something was not looked at, and why: a database that cannot be entered, a query whose "
                    + "answer is not known yet, a standby, one server declared twice, kinds of objects that are "
                    + "not compared, code whose expectations cannot be had",
                "as its hint says"
            )
        }
    }
}
