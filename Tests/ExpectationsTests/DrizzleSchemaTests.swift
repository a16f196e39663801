import Expectations
import FleetModel
import Testing

/// What a text of TypeScript names.
private func read(_ text: String, casing: FleetModel.Expectation.Casing? = nil) throws -> ExpectedNames {
    let read = DrizzleSchema.read([("schema.ts", Array(text.utf8))], casing: casing)
    return try #require(read.value, "\(read.diagnostics.map(\.message))")
}

extension ExpectedNames {
    /// `users: id, name`, one a table.
    fileprivate var lines: [String] {
        tables.map { "\($0.name): \($0.columns.joined(separator: ", "))\($0.isComplete ? "" : " …")" }
    }
}

@Suite struct `Drizzle's definitions are read` {
    @Test func `tables with their columns, by the builder's text, else by the key`() throws {
        let names = try read(
            """
            import { pgTable, serial, text, timestamp, index } from "drizzle-orm/pg-core";
            // export const old = pgTable("old", { id: serial() });
            /* pgTable('older', {}) */
            export const users = pgTable("users", {
              id: serial("id").primaryKey(),
              firstName: text('first_name').notNull().default("it's {a} \\"trap\\""),
              "odd-key": text(),
              createdAt: timestamp(`created_at`, { withTimezone: true }).defaultNow(),
              org: text("org_id").references(() => organizations.id, { onDelete: "cascade" }),
            }, (t) => [index("users_org_idx").on(t.org), { name: text("not_a_column") }]);
            """
        )
        #expect(names.lines == ["public.users: id, first_name, odd-key, created_at, org_id"])
        #expect(names.notes.isEmpty && names.enums.isEmpty)
    }

    @Test func `enums, schemas, aliases and a module imported as a whole`() throws {
        let names = try read(
            """
            import { pgTable as table, pgSchema, pgEnum } from "drizzle-orm/pg-core"
            import * as p from "drizzle-orm/pg-core"
            export const billing = pgSchema("billing")
            const audit = p.pgSchema('audit')
            export const state = pgEnum("state", ["open", "closed"])
            export const kind = billing.enum("kind", ["a"])
            export const a = table("a", { id: p.integer("id"), state: state() })
            export const b = billing.table("b", { id: p.integer() })
            export const c = p.pgTable("c", (t) => ({ id: t.uuid("uid"), at: t.timestamp() }))
            export const d = audit.table('d', { id: p.integer() })
            export const e = pgTable.withRLS("e", { id: p.integer() })
            const validated = z.enum(["x"]); const row = other.table("no", { id: 1 })
            """
        )
        #expect(
            names.lines == [
                "audit.d: id", "billing.b: id", "public.a: id, state", "public.c: uid, at", "public.e: id",
            ]
        )
        #expect(names.enums.map(\.description) == ["billing.kind", "public.state"])
        #expect(names.notes.isEmpty)
    }

    @Test func `columns spread from objects, also of other files, and makers of tables`() throws {
        let read = DrizzleSchema.read(
            [
                (
                    "schema/common.ts",
                    Array(
                        """
                        export const times = { createdAt: timestamp("created_at"), updatedAt: timestamp("updated_at") }
                        export const owner = () => ({ ownerId: integer("owner_id"), ...times })
                        export const key = uuid("uid").primaryKey()
                        export const createTable = pgTableCreator((name) => `app_${name}_v2`)
                        export const same = pgTableCreator(name => name)
                        export const clever = pgTableCreator((name) => prefix(name))
                        """.utf8
                    )
                ),
                (
                    "schema/tables.ts",
                    Array(
                        """
                        export const a = createTable("a", { id: key, ...owner() })
                        export const b = same("b", { ...times, ...unknown, [computed]: text("x"), z: build })
                        export const c = clever("c", { id: integer() })
                        export const d = pgTable(`d_${suffix}`, { id: integer() })
                        export const e = pgTable("e", columns())
                        """.utf8
                    )
                ),
            ],
            casing: nil
        )
        let names = try #require(read.value)
        #expect(
            names.lines == [
                "public.app_a_v2: uid, owner_id, created_at, updated_at", "public.b: created_at, updated_at …",
                "public.e:  …",
            ]
        )
        #expect(
            names.notes == [
                "schema/tables.ts:2: columns spread by \"...\" are not read",
                "schema/tables.ts:2: a column whose key is computed is not read",
                "schema/tables.ts:2: column \"z\" is not read: its builder is not written out here",
                "schema/tables.ts:3: tables by \"clever\" are not read: its pgTableCreator computes their names",
                "schema/tables.ts:4: a table or enum whose name is not written out is not read",
                "schema/tables.ts:5: columns of table \"e\" are not read: they are not written out here",
            ]
        )
    }

    @Test(arguments: [
        ("createdAt", "created_at"), ("id", "id"), ("userID", "user_id"), ("HTMLPage", "html_page"),
        ("a1B2c", "a1_b_2c"),
        ("already_there", "already_there"),
    ])
    func `keys are cased as Drizzle does`(_ key: String, _ column: String) throws {
        let names = try read(
            #"const t = pgTable("t", { \#(key): text(), other: text("keptAsIs") })"#,
            casing: .snakeCase
        )
        #expect(names.lines == ["public.t: \(column), keptAsIs"])
    }

    @Test func `what stands in templates, regular expressions and divisions misleads nobody`() throws {
        let names = try read(
            """
            const quote = /['"`{(]/g; const half = total / 2 / count;
            const text1 = `pgTable("no", {${ `nested ${ "}" } pgTable("no", {` } /* } */ })`;
            export const t = pgTable("t", { id: integer().default(sql`nextval('x')`), b: text("b") })
            """
        )
        #expect(names.lines == ["public.t: id, b"])
    }
}

@Suite struct `Hostile definitions` {
    private func fault(_ text: String) -> (String, Int?, Int?)? {
        let read = DrizzleSchema.read([("a/schema.ts", Array(text.utf8))], casing: nil)
        guard read.value == nil, let first = read.diagnostics.first else { return nil }
        return (first.message, first.range?.start.line, first.range?.start.column)
    }

    @Test func `what is never closed is said with its place`() {
        #expect(fault("const a = 1\nconst b = \"x\n") ?? ("", 0, 0) == ("a string is never closed", 2, 11))
        #expect(fault("`${`${") ?? ("", 0, 0) == ("a template is never closed", 1, 1))
        #expect(fault("/* x") ?? ("", 0, 0) == ("a comment is never closed", 1, 1))
        #expect(fault("é(\n[1)") ?? ("", 0, 0) == ("\")\" closes nothing", 2, 3))
        #expect(fault("x\n  {") ?? ("", 0, 0) == ("\"{\" is never closed", 2, 3))
    }

    @Test(.timeLimit(.minutes(1))) func `depth and length cost no more than time in their proportion`() throws {
        let deep = String(repeating: "(", count: 60_000) + String(repeating: ")", count: 60_000)
        #expect(try read(deep).tables.isEmpty)
        let templates = String(repeating: "`${", count: 20_000) + String(repeating: "}`", count: 20_000)
        #expect(try read(templates).tables.isEmpty)
        let nested = String(repeating: #"pgTable("t", {a: "#, count: 5_000) + String(repeating: "})", count: 5_000)
        #expect(try read(nested).tables.count == 1)
        let spreads = (0..<500).map { "const c\($0) = { ...c\($0 + 1), ...c\($0 + 1), k\($0): text() }" }
        #expect(try read(spreads.joined(separator: "\n") + "\npgTable('x', c0)").tables.count == 1)
        #expect(try read("const a = b; const b = a; const o = {...o, x: a}; pgTable('x', o)").lines == ["public.x:  …"])
    }
}
