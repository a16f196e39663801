package import FleetModel

/// What is known of one backup: where it came from, what it holds, and how far it was proved.
package struct BackupReceipt: Sendable, Hashable {
    package var runID: String
    package var environment: String
    package var instance: String
    package var database: String
    /// Absolute path when it was written; the archive lies beside the receipt wherever both are.
    package var archive: String
    package var sha256: Fingerprint
    package var sizeBytes: Int64
    package var serverVersion: ServerVersion
    package var clientVersion: ServerVersion
    /// Where that `pg_dump` ran: `this machine`, or the hops that lead there.
    package var clientPlace: String
    package var fingerprint: Fingerprint
    /// Over the objects that a role without superuser rights can restore.
    package var restorableFingerprint: Fingerprint
    package var columnOrder: Fingerprint
    /// Nil where an older receipt does not tell.
    package var privileges: RecordedPrivileges?
    package var verified: Level
    /// Seconds since 1970.
    package var takenAt: Int64
    /// The root of the manifests, for the command that restores it.
    package var root: String
    package var source: Source
    package var content: DatabaseContent

    /// How far a backup was proved, weakest first.
    package enum Level: String, Sendable, Hashable, CaseIterable, Comparable {
        case none, read, restore, rehearse

        package static func < (left: Self, right: Self) -> Bool { left.rank < right.rank }
        private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
    }

    /// What a restore must bring about before the dump itself, and what identifies where it came from.
    package struct Source: Sendable, Hashable {
        package var systemIdentifier: String
        package var timeline: Int
        package var databaseOID: UInt32
        package var snapshot: String
        package var walPosition: String
        package var sizeBytes: Int64
        package var owner: String
        package var locale: DatabaseLocale
        /// Roles that the dump names.
        package var roles: [String]
        /// Those of them that own something, the database aside.
        package var owners: [String]
        package var extensions: [InstalledExtension]

        package init(
            systemIdentifier: String,
            timeline: Int,
            databaseOID: UInt32,
            snapshot: String,
            walPosition: String,
            sizeBytes: Int64,
            owner: String,
            locale: DatabaseLocale,
            roles: [String],
            owners: [String],
            extensions: [InstalledExtension]
        ) {
            self.systemIdentifier = systemIdentifier
            self.timeline = timeline
            self.databaseOID = databaseOID
            self.snapshot = snapshot
            self.walPosition = walPosition
            self.sizeBytes = sizeBytes
            self.owner = owner
            self.locale = locale
            self.roles = roles
            self.owners = owners
            self.extensions = extensions
        }
    }

    package init(
        runID: String,
        environment: String,
        instance: String,
        database: String,
        archive: String,
        sha256: Fingerprint,
        sizeBytes: Int64,
        serverVersion: ServerVersion,
        clientVersion: ServerVersion,
        clientPlace: String = DumpTools.here,
        fingerprint: Fingerprint,
        restorableFingerprint: Fingerprint,
        columnOrder: Fingerprint,
        privileges: RecordedPrivileges?,
        verified: Level,
        takenAt: Int64,
        root: String,
        source: Source,
        content: DatabaseContent
    ) {
        self.runID = runID
        self.environment = environment
        self.instance = instance
        self.database = database
        self.archive = archive
        self.sha256 = sha256
        self.sizeBytes = sizeBytes
        self.serverVersion = serverVersion
        self.clientVersion = clientVersion
        self.clientPlace = clientPlace
        self.fingerprint = fingerprint
        self.restorableFingerprint = restorableFingerprint
        self.columnOrder = columnOrder
        self.privileges = privileges
        self.verified = verified
        self.takenAt = takenAt
        self.root = root
        self.source = source
        self.content = content
    }
}

/// An extension as a database has it.
package struct InstalledExtension: Sendable, Hashable {
    package var name: String
    package var version: String
    package var schema: String
    /// Its schema's OID in the source, by which the dump's table of contents names it.
    package var schemaOID: UInt32
    package var schemaOwner: String
    /// Whoever made it; nil where an older receipt does not say.
    package var owner: String?

    package init(
        name: String,
        version: String,
        schema: String,
        schemaOID: UInt32,
        schemaOwner: String,
        owner: String? = nil
    ) {
        self.name = name
        self.version = version
        self.schema = schema
        self.schemaOID = schemaOID
        self.schemaOwner = schemaOwner
        self.owner = owner
    }
}

/// How a database encodes and sorts text.
package struct DatabaseLocale: Sendable, Hashable {
    package var encoding: String
    package var collate: String
    package var ctype: String
    /// `c` libc, `i` ICU, `b` built in.
    package var provider: String
    package var locale: String?
    package var rules: String?
    package var collationVersion: String?

    package init(
        encoding: String,
        collate: String,
        ctype: String,
        provider: String,
        locale: String?,
        rules: String?,
        collationVersion: String?
    ) {
        self.encoding = encoding
        self.collate = collate
        self.ctype = ctype
        self.provider = provider
        self.locale = locale
        self.rules = rules
        self.collationVersion = collationVersion
    }
}

/// A receipt and the file it was read from or written to.
package struct StoredBackup: Sendable, Hashable {
    package var receipt: BackupReceipt
    /// Absolute path of the receipt.
    package var path: String

    package init(receipt: BackupReceipt, path: String) {
        self.receipt = receipt
        self.path = path
    }

    /// Beside the receipt, never where the receipt says: both may have been moved together.
    package var archivePath: String { path.hasSuffix(".json") ? path.dropLast(5) + ".dump" : path + ".dump" }
}
