package import FleetModel
internal import Glibc

extension BackupReceipt {
    static let formatVersion = "1.1"

    /// The document as it is stored; `path` is where.
    ///
    /// Its `digest` is of all the rest, so that nothing in it can change unseen.
    package func json(at path: String) -> JSONValue {
        let content = content(at: path)
        guard case .object(let members) = content else { return content }
        return .object(members + [JSONValue.Member("digest", .string(Fingerprint(of: content.canonical).hex))])
    }

    /// - Throws: `Fault` where it is not what was written.
    private static func checkDigest(_ json: JSONValue, version: String) throws(Fault) {
        guard case .object(let members) = json, let digest = json["digest"] else {
            // The first receipts had none.
            guard version == "1.0" else { throw Fault("its digest is missing") }
            return
        }
        let rest = JSONValue.object(members.filter { $0.key != "digest" })
        guard digest == .string(Fingerprint(of: rest.canonical).hex) else {
            throw Fault("it was changed after it was written: its digest does not match")
        }
    }

    private func content(at path: String) -> JSONValue {
        [
            "format_version": .string(Self.formatVersion),
            "run_id": .string(runID),
            "environment": .string(environment),
            "instance": .string(instance),
            "database": .string(database),
            "archive": .string(archive),
            "sha256": .string(sha256.hex),
            "size_bytes": .integer(sizeBytes),
            "server_version": .string(serverVersion.description),
            "client_version": .string(clientVersion.description),
            "client_place": .string(clientPlace),
            "fingerprint": .string(fingerprint.hex),
            "restorable_fingerprint": .string(restorableFingerprint.hex),
            "column_order": .string(columnOrder.hex),
            "privileges": privileges?.json ?? .null,
            "tables": .object(content.tables.map { JSONValue.Member($0.name.key, .integer($0.rows)) }),
            "verified": .string(verified.rawValue),
            "taken_at": .string(ReceiptTime.text(takenAt)),
            "root": .string(root),
            "restore": JSONValue(restoreCommand(at: path)),
            "source": source.json,
            "content": content.json,
        ]
    }

    /// What to type to have the database back, from any folder; `path` is where the receipt is.
    package func restoreCommand(at path: String) -> [String] { ["reconcile", "-C", root, "backups", "restore", path] }

    /// Reads a document as `json` makes it; unknown keys are left unread.
    ///
    /// - Throws: `Fault` naming the key.
    init(json: JSONValue) throws(Fault) {
        let read = Reader(json)
        let version = try read.text("format_version")
        guard version.hasPrefix("1.") else { throw Fault("format_version is not 1") }
        try Self.checkDigest(json, version: version)
        guard let serverVersion = ServerVersion(parsing: try read.text("server_version")),
            let clientVersion = ServerVersion(parsing: try read.text("client_version"))
        else { throw Fault("server_version or client_version is no version") }
        guard let verified = Level(rawValue: try read.text("verified")) else { throw Fault("verified is no level") }
        guard let takenAt = ReceiptTime.seconds(try read.text("taken_at")) else { throw Fault("taken_at is no time") }
        self.init(
            runID: try read.text("run_id"),
            environment: try read.text("environment"),
            instance: try read.text("instance"),
            database: try read.text("database"),
            archive: try read.text("archive"),
            sha256: try read.fingerprint("sha256"),
            sizeBytes: try read.integer("size_bytes"),
            serverVersion: serverVersion,
            clientVersion: clientVersion,
            clientPlace: try read.optionalText("client_place") ?? DumpTools.here,
            fingerprint: try read.fingerprint("fingerprint"),
            restorableFingerprint: try read.fingerprint("restorable_fingerprint"),
            columnOrder: try read.fingerprint("column_order"),
            privileges: try RecordedPrivileges(read, "privileges"),
            verified: verified,
            takenAt: takenAt,
            root: try read.text("root"),
            source: try Source(read.object("source")),
            content: try DatabaseContent(read.object("content"))
        )
    }

    struct Fault: Error {
        var reason: String
        init(_ reason: String) { self.reason = reason }
    }

    struct Reader {
        let value: JSONValue

        init(_ value: JSONValue) { self.value = value }

        func text(_ key: String) throws(Fault) -> String {
            guard case .string(let text) = value[key] else { throw Fault("\(key) is missing or no string") }
            // A name that goes into SQL, where a NUL would be a fault of ours.
            guard !text.utf8.contains(0) else { throw Fault("\(key) holds a NUL") }
            return text
        }

        func optionalText(_ key: String) throws(Fault) -> String? {
            if isNull(key) { return nil }
            return try text(key)
        }

        func integer(_ key: String) throws(Fault) -> Int64 {
            guard case .integer(let number) = value[key] else { throw Fault("\(key) is missing or no number") }
            return number
        }

        /// Beyond 2^53, numbers stand as text.
        func large(_ key: String) throws(Fault) -> Int64 {
            guard let number = Int64(try text(key)) else { throw Fault("\(key) is no number") }
            return number
        }

        func bool(_ key: String) throws(Fault) -> Bool {
            guard case .bool(let value) = value[key] else { throw Fault("\(key) is missing or no Boolean") }
            return value
        }

        func fingerprint(_ key: String) throws(Fault) -> Fingerprint {
            guard let value = Fingerprint(hex: try text(key)) else { throw Fault("\(key) is no SHA-256") }
            return value
        }

        func object(_ key: String) throws(Fault) -> Reader {
            guard case .object = value[key], let value = value[key] else { throw Fault("\(key) is missing") }
            return Reader(value)
        }

        func list<Item>(_ key: String, _ item: (Reader) throws(Fault) -> Item) throws(Fault) -> [Item] {
            guard case .array(let values) = value[key] else { throw Fault("\(key) is missing or no list") }
            var items: [Item] = []
            for value in values { items.append(try item(Reader(value))) }
            return items
        }

        func isNull(_ key: String) -> Bool { value[key] == nil || value[key] == .null }

        func texts(_ key: String) throws(Fault) -> [String] {
            try list(key) { reader throws(Fault) in
                guard case .string(let text) = reader.value, !text.utf8.contains(0) else {
                    throw Fault("\(key) holds no strings")
                }
                return text
            }
        }

        var name: TableName {
            get throws(Fault) { TableName(schema: try text("schema"), name: try text("name")) }
        }
    }
}

extension StoredBackup {
    /// Reads a receipt.
    package static func read(_ path: String) throws(BackupError) -> StoredBackup {
        let text = try PrivateText.read(path)
        let json: JSONValue
        do throws(JSONError) { json = try JSONValue(parsing: text) } catch {
            throw .receipt(path: path, reason: error.description)
        }
        do throws(BackupReceipt.Fault) {
            return StoredBackup(receipt: try BackupReceipt(json: json), path: path)
        } catch {
            throw .receipt(path: path, reason: error.reason)
        }
    }

    /// Writes it for the first time, and gives its archive its name with it: both have theirs, or neither.
    func write(with archive: String) throws(BackupError) {
        let tag = try keep()
        do throws(BackupError) {
            try PrivateFile.publish(archive, replacing: false)
            try PrivateFile.publish(path, tag: tag, replacing: false)
        } catch {
            PrivateFolder.removeFile(PrivateFile.partial(of: path, tag: tag))
            throw error
        }
    }

    /// Replaces it by one that says more was proved; less is never written over more.
    ///
    /// Its run's folder is marked meanwhile: whoever clears what dead runs left would take the new one for unfinished.
    package func raised(to level: BackupReceipt.Level) async throws(BackupError) -> StoredBackup {
        guard level > receipt.verified else { return self }
        let mark = try await markFolder()
        defer { withExtendedLifetime(mark) {} }
        var copy = self
        copy.receipt.verified = level
        let tag = try copy.keep()
        do throws(BackupError) {
            try PrivateFile.publish(path, tag: tag, replacing: true)
        } catch {
            PrivateFolder.removeFile(PrivateFile.partial(of: path, tag: tag))
            throw error
        }
        return copy
    }

    /// Nil where it lies in no run's folder, in which nobody clears.
    private func markFolder() async throws(BackupError) -> RunFolderMark? {
        let folder = PrivateFolder.parent(of: PrivateFolder.parent(of: path))
        guard access("\(folder)/.lock", F_OK) == 0 else { return nil }
        for _ in 0..<100 {
            if let mark = try RunFolderMark(folder, for: .taking) { return mark }
            try? await Task.sleep(for: .milliseconds(50))
        }
        throw .file(path: folder, what: "use", reason: "it is being cleared")
    }

    /// Puts it on disk under another name; gives what that name has before `partial`.
    private func keep() throws(BackupError) -> String {
        let tag = "\(getpid())."
        let file = try PrivateFile(path, tag: tag)
        defer { file.discard() }
        try file.write(receipt.json(at: path).canonical + [UInt8(ascii: "\n")])
        _ = try file.keep()
        return tag
    }
}

extension TableName {
    /// `schema.name`; a part with a dot or a quote in it is quoted, so that no two tables share a key.
    fileprivate var key: String {
        [schema, name].map { part in
            guard part.unicodeScalars.contains(where: { $0 == "." || $0 == "\"" }) else { return part }
            return "\"" + part.replacing(each: "\"", with: "\"\"") + "\""
        }.joined(separator: ".")
    }
}

extension BackupReceipt.Source {
    fileprivate var json: JSONValue {
        [
            "system_identifier": .string(systemIdentifier),
            "timeline": .integer(Int64(timeline)),
            "database_oid": .integer(Int64(databaseOID)),
            "snapshot": .string(snapshot),
            "wal_position": .string(walPosition),
            "size_bytes": .integer(sizeBytes),
            "owner": .string(owner),
            "locale": [
                "encoding": .string(locale.encoding), "collate": .string(locale.collate),
                "ctype": .string(locale.ctype), "provider": .string(locale.provider),
                "locale": JSONValue(locale.locale), "rules": JSONValue(locale.rules),
                "collation_version": JSONValue(locale.collationVersion),
            ],
            "roles": JSONValue(roles),
            "owners": JSONValue(owners),
            "extensions": .array(
                extensions.map {
                    [
                        "name": .string($0.name), "version": .string($0.version), "schema": .string($0.schema),
                        "schema_oid": .integer(Int64($0.schemaOID)), "schema_owner": .string($0.schemaOwner),
                        "owner": JSONValue($0.owner),
                    ]
                }
            ),
        ]
    }

    fileprivate init(_ read: BackupReceipt.Reader) throws(BackupReceipt.Fault) {
        let locale = try read.object("locale")
        self.init(
            systemIdentifier: try read.text("system_identifier"),
            timeline: Int(try read.integer("timeline")),
            databaseOID: UInt32(clamping: try read.integer("database_oid")),
            snapshot: try read.text("snapshot"),
            walPosition: try read.text("wal_position"),
            sizeBytes: try read.integer("size_bytes"),
            owner: try read.text("owner"),
            locale: DatabaseLocale(
                encoding: try locale.text("encoding"),
                collate: try locale.text("collate"),
                ctype: try locale.text("ctype"),
                provider: try locale.text("provider"),
                locale: try locale.optionalText("locale"),
                rules: try locale.optionalText("rules"),
                collationVersion: try locale.optionalText("collation_version")
            ),
            roles: try read.texts("roles"),
            owners: try read.texts("owners"),
            extensions: try read.list("extensions") { item throws(BackupReceipt.Fault) in
                InstalledExtension(
                    name: try item.text("name"),
                    version: try item.text("version"),
                    schema: try item.text("schema"),
                    schemaOID: UInt32(clamping: try item.integer("schema_oid")),
                    schemaOwner: try item.text("schema_owner"),
                    owner: try item.optionalText("owner")
                )
            }
        )
    }
}

extension RecordedPrivileges {
    fileprivate var json: JSONValue {
        .array(
            entries.map {
                [
                    "kind": .string($0.id.kind.rawValue), "schema": JSONValue($0.id.schema),
                    "name": .string($0.id.name),
                    "digest": .string($0.digest.hex),
                ]
            }
        )
    }

    fileprivate init?(_ read: BackupReceipt.Reader, _ key: String) throws(BackupReceipt.Fault) {
        if read.isNull(key) { return nil }
        self.init(
            entries: try read.list(key) { item throws(BackupReceipt.Fault) in
                guard let kind = ObjectKind(rawValue: try item.text("kind")) else {
                    throw BackupReceipt.Fault("\(key) names a kind of objects that is not known")
                }
                let id = ObjectID(kind, schema: try item.optionalText("schema"), name: try item.text("name"))
                return Entry(id: id, digest: try item.fingerprint("digest"))
            }
        )
    }
}

extension DatabaseContent {
    fileprivate var json: JSONValue {
        [
            "probe": JSONValue(probe),
            "tables": .array(
                tables.map {
                    [
                        "schema": .string($0.name.schema), "name": .string($0.name.name), "rows": .integer($0.rows),
                        "hashes": JSONValue($0.hashes),
                    ]
                }
            ),
            "sequences": .array(
                sequences.map {
                    [
                        "schema": .string($0.name.schema), "name": .string($0.name.name),
                        "last_value": .string(String($0.lastValue)), "is_called": .bool($0.isCalled),
                        "increment": .string(String($0.increment)), "cycles": .bool($0.cycles),
                    ]
                }
            ),
            "large_objects": [
                "count": .integer(largeObjects.count), "hashes": JSONValue(largeObjects.hashes),
                "privileges": largeObjects.privileges.map { JSONValue($0) } ?? .null,
            ],
        ]
    }

    fileprivate init(_ read: BackupReceipt.Reader) throws(BackupReceipt.Fault) {
        let objects = try read.object("large_objects")
        self.init(
            probe: try read.texts("probe"),
            tables: try read.list("tables") { item throws(BackupReceipt.Fault) in
                TableContent(name: try item.name, rows: try item.integer("rows"), hashes: try item.texts("hashes"))
            },
            sequences: try read.list("sequences") { item throws(BackupReceipt.Fault) in
                SequenceContent(
                    name: try item.name,
                    lastValue: try item.large("last_value"),
                    isCalled: try item.bool("is_called"),
                    increment: try item.large("increment"),
                    cycles: try item.bool("cycles")
                )
            },
            largeObjects: LargeObjectContent(
                count: try objects.integer("count"),
                hashes: try objects.texts("hashes"),
                privileges: objects.isNull("privileges") ? nil : try objects.texts("privileges")
            )
        )
        guard isWellFormed else { throw BackupReceipt.Fault("content holds no proper hashes") }
    }
}
