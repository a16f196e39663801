internal import Discovery
internal import Effects
internal import FleetModel
internal import Migrations
internal import Postgres

extension ServerVisit {
    func look(into listed: Survey.Listed, of found: Survey.Found) async -> FoundDatabase {
        func result(_ content: ObservedDatabase.Content, bytes: Int64 = 0) -> FoundDatabase {
            FoundDatabase(
                observed: ObservedDatabase(
                    name: listed.name,
                    oid: listed.oid,
                    owner: listed.owner,
                    sizeBytes: bytes,
                    content: content
                )
            )
        }
        if let reason = listed.obstacle { return result(.unobserved(reason: reason)) }
        let limit = Duration.seconds(90)
        let looked = await withTimeLimit(limit) { () -> Result<(FoundDatabase, Int64), PostgresError> in
            do throws(PostgresError) {
                let session = try await Session.open(
                    found.access.target.with(database: listed.name),
                    settings: settings,
                    timeLimit: options.connectTimeLimit
                )
                let looked: Result<(FoundDatabase, Int64), PostgresError>
                do throws(PostgresError) {
                    looked = .success(try await look(session, listed))
                } catch {
                    looked = .failure(error)
                }
                await session.close()
                return looked
            } catch {
                return .failure(error)
            }
        }
        switch looked {
        case .success((var database, let bytes)):
            database.observed.sizeBytes = bytes + found.emptyBytes
            return database
        case .failure(let error): return result(.unobserved(reason: error.description.withoutAdvice))
        case nil: return result(.unobserved(reason: "no answer within \(limit)"))
        }
    }

    private func look(
        _ session: Session,
        _ listed: Survey.Listed
    ) async throws(PostgresError) -> (FoundDatabase, Int64) {
        let answers = try await session.run(Self.counts, label: "counts")
        guard answers.count == 2, let counts = answers[0].rows?.first, counts.count == 3, let columns = answers[1].rows
        else { throw .unexpectedAnswer("the counts of a database") }
        var tables: [TableName: Set<String>] = [:]
        for row in columns {
            tables[TableName(schema: row[0] ?? "", name: row[1] ?? ""), default: []].insert(row[2] ?? "")
        }
        let place = HistoryPlace.likeliest(among: (options.histories + HistoryPlace.defaults).uniqued, in: tables)
        var lastWrite: Int64?
        if counts[2] == "t" {
            lastWrite = try await session.run(Self.writes, label: "last write").first?.rows?.scalar.flatMap {
                Int64($0)
            }
        }
        let (state, bytes) = try await Inspector.look(session, history: place?.query, pool: pool, proving: nil)
        let observed = ObservedDatabase(
            name: listed.name,
            oid: listed.oid,
            owner: listed.owner,
            sizeBytes: bytes,
            content: .observed(state)
        )
        return (
            FoundDatabase(
                observed: observed,
                rows: counts[0].flatMap { Int64($0) },
                notAnalyzed: counts[1].flatMap { Int($0) } ?? 0,
                lastWrite: lastWrite,
                history: place,
                lastChange: place?.format.history.lastChange(state.history.rows)
            ), bytes
        )
    }

    private static let counts: SQL = """
        SELECT (SELECT coalesce(sum(greatest(reltuples, 0)), 0)::bigint FROM pg_catalog.pg_class \
        WHERE relkind = 'r' AND oid >= 16384), \
        (SELECT count(*) FROM pg_catalog.pg_class WHERE relkind = 'r' AND oid >= 16384 AND reltuples < 0), \
        has_function_privilege('pg_catalog.pg_stat_file(text, boolean)', 'EXECUTE'); \
        SELECT n.nspname, c.relname, a.attname FROM pg_catalog.pg_class c \
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid \
        WHERE c.relkind = 'r' AND c.oid >= 16384 AND a.attnum > 0 AND NOT a.attisdropped
        """

    /// A file's own time, so up to a checkpoint behind the last row.
    private static let writes: SQL = """
        SELECT floor(extract(epoch FROM max((pg_stat_file(pg_relation_filepath(oid), true)).modification)) * 1000)::bigint \
        FROM pg_catalog.pg_class WHERE relkind IN ('r', 'm') AND oid >= 16384
        """
}

extension HistoryPlace {
    static let defaults = MigrationSource.Format.all.map { format in
        HistoryPlace(schema: format.defaultSchema, table: format.defaultTable, format: format)
    }

    /// The first whose table is there with its columns; of several for one table, the one whose tool's other tables are
    /// there too.
    static func likeliest(among places: [HistoryPlace], in tables: [TableName: Set<String>]) -> HistoryPlace? {
        let there = places.filter { place in
            tables[TableName(schema: place.schema, name: place.table)]?.isSuperset(of: place.format.history.columns)
                ?? false
        }
        guard let first = there.first else { return nil }
        func company(of place: HistoryPlace) -> Int {
            place.format.history.companions.count { tables[TableName(schema: place.schema, name: $0)] != nil }
        }
        return there.filter { $0.schema == first.schema && $0.table == first.table }
            .reduce(first) { company(of: $1) > company(of: $0) ? $1 : $0 }
    }

    fileprivate var query: HistoryQuery { HistoryQuery(schema: schema, table: table, format: format.history) }
}
