internal import FleetModel
internal import Postgres

/// How objects of some kinds read: one statement, narrowed to those that are asked about.
///
/// Its rows are kind, schema, name, definition, owner, grants and comment. Whatever the fingerprint is of must show in
/// one of them, or a difference would read alike on both sides.
struct DefinitionQuery {
    var kinds: Set<ObjectKind>
    /// Of an alias `o` whose columns are named below.
    private var rows: SQL

    /// More of one definition says nothing more to a reader.
    private static let mostCharacters = 16_384

    /// - Parameters:
    ///   - kinds: of the objects it tells of.
    ///   - kind: an expression that gives each row's kind, where there are several.
    ///   - schema: the schema's name.
    ///   - name: as an inspection names the object.
    ///   - text: the definition.
    ///   - owner: the OID of a role.
    ///   - ownerName: how it is told, where not as every role is.
    ///   - granter: whose grants are told without saying whose, where the object has no owner of its own.
    ///   - access: the privileges, and the letter under which `acldefault` knows those of the start.
    ///   - remark: the comment.
    ///   - source: what follows `FROM`.
    init(
        _ kinds: Set<ObjectKind>,
        kind: SQL? = nil,
        schema: SQL = "NULL::name",
        name: SQL,
        text: SQL,
        owner: SQL? = nil,
        ownerName: SQL? = nil,
        granter: SQL? = nil,
        access: (list: SQL, letter: SQL)? = nil,
        remark: SQL,
        from source: SQL
    ) {
        self.kinds = kinds
        let kind = kind ?? "\(literal: kinds.first?.rawValue)"
        let grants: SQL = access.map { Self.grants($0.list, $0.letter, owner ?? granter ?? "0::oid") } ?? "NULL::text"
        let ownerName: SQL = ownerName ?? owner.map(Self.role) ?? "NULL::text"
        rows = """
            SELECT (\(kind))::text AS kind, (\(schema))::text AS schema, (\(name))::text AS name, (\(text))::text AS definition, \
            \(ownerName) AS owner, \(grants) AS grants, \(remark) AS remark FROM \(source)
            """
    }

    /// Nil where none of these objects is of its kinds.
    func statement(_ objects: [ObjectID]) -> SQL? {
        guard !objects.isEmpty else { return nil }
        let keys = SQL(joining: objects.map { SQL("\(literal: Self.key($0))") })
        return """
            SELECT o.kind, o.schema, o.name, left(o.definition, \(Self.mostCharacters)), o.owner, \
            left(o.grants, \(Self.mostCharacters)), left(o.remark, \(Self.mostCharacters)) FROM (\(rows)) AS o \
            WHERE o.kind || ' ' || coalesce(o.schema, '') || E'\\n' || o.name = ANY (ARRAY[\(keys)]::text[])
            """
    }

    private static func key(_ object: ObjectID) -> String {
        "\(object.kind.rawValue) \(object.schema ?? "")\n\(object.name)"
    }

    static func all(major: Int) -> [DefinitionQuery] {
        relations + parts + types + routines + replication(major: major) + foreign + textSearch + others
    }

    /// A role as it is told: that which owns the database has another name on each server.
    static func role(_ oid: SQL) -> SQL {
        """
        CASE WHEN \(oid) = \(databaseOwner) THEN 'the database''s owner' ELSE pg_get_userbyid(\(oid)) END
        """
    }

    private static let databaseOwner: SQL = """
        (SELECT datdba FROM pg_database WHERE datname = current_database())
        """

    /// Who may what: what its owner may by being it is told as that.
    private static func grants(_ list: SQL, _ letter: SQL, _ owner: SQL) -> SQL {
        """
        (SELECT string_agg(g.who || ': ' || g.rights, '; ' ORDER BY g.who) FROM (SELECT CASE WHEN ax.grantee = \(owner) \
        THEN 'its owner' WHEN ax.grantee = 0 THEN 'everybody' ELSE \(role("ax.grantee")) END \
        || CASE WHEN ax.grantor = \(owner) THEN '' ELSE ' (by ' || \(role("ax.grantor")) || ')' END AS who, \
        string_agg(ax.privilege_type || CASE WHEN ax.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END, ', ' \
        ORDER BY ax.privilege_type) AS rights FROM aclexplode(coalesce(\(list), acldefault(\(letter), \(owner)))) AS ax \
        GROUP BY 1) AS g)
        """
    }

    /// A type as an inspection names it: no quotes, and its schema where it is not PostgreSQL's own.
    static func typeName(_ oid: SQL) -> SQL {
        """
        (SELECT CASE WHEN t.oid < 16384 THEN format_type(t.oid, NULL) WHEN t.typcategory = 'A' AND t.typelem <> 0 \
        THEN en.nspname || '.' || e.typname || '[]' ELSE n.nspname || '.' || t.typname END FROM pg_type t \
        JOIN pg_namespace n ON n.oid = t.typnamespace LEFT JOIN pg_type e ON e.oid = t.typelem \
        LEFT JOIN pg_namespace en ON en.oid = e.typnamespace WHERE t.oid = \(oid))
        """
    }

    /// Options as `name=value`; what may be a secret is not told.
    static func options(_ list: SQL, before word: SQL = "' OPTIONS ('") -> SQL {
        """
        coalesce(\(word) || (SELECT string_agg(CASE WHEN split_part(ox.option, '=', 1) ~* '(pass|secret|key|token|credential)' \
        THEN split_part(ox.option, '=', 1) || '=(not shown)' ELSE ox.option END, ', ' ORDER BY ox.option) FROM unnest(\(list)) AS ox (option) \
        WHERE ox.option NOT LIKE 'pg_attver=%') || ')', '')
        """
    }
}
