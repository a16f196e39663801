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

@Suite struct `What cannot be read is never claimed` {
    @Test func `a file's own words win over Drizzle's, and aliases over nothing`() throws {
        let names = try read(
            """
            import { pgTable as base, pgTableCreator, text as t, pgEnum } from "drizzle-orm/pg-core"
            const pgTable = pgTableCreator((n) => `pre_${n}`), tbl = base
            const kind = pgEnum("kind", ["a"])
            export const a = pgTable("a", { id: t("id"), kind: kind() })
            export const b = tbl<"b", any>("b", { id: t(), meta: jsonb("m").$type<Record<string, "x" | 1>>().notNull() })
            const times = { at: timestamp("at") }, more = { by: t("by") };
            export const c = base("c", { ...times, ...more })
            """
        )
        #expect(names.lines == ["public.b: id, m", "public.c: at, by", "public.pre_a: id, kind"])
        #expect(names.notes.isEmpty && names.isComplete)
    }

    @Test func `a schema is read where its tables are made at once, and not where its name is computed`() throws {
        let names = try read(#"export const x = pgSchema("app").table("x", { id: integer() })"#)
        #expect(names.lines == ["app.x: id"] && names.isComplete)
        let computed = try read(
            #"""
            const app = pgSchema(env.S ?? "app")
            export const y = app.table("y", { id: integer() })
            """#
        )
        #expect(computed.lines.isEmpty && !computed.isComplete)
        #expect(
            computed.notes == ["schema.ts:2: what \"app\" holds is not read: its pgSchema computes its name"]
        )
    }

    @Test(arguments: [
        #"export const t = pgTable("t_" + "concat", { id: integer() })"#,
        #"export function make() { return pgTable("t", { id: integer() }) }"#,
        #"export const make = () => pgTable("t", { id: integer() })"#,
        #"const pgTable = wrap(drizzleTable); export const t = pgTable("t", { id: integer() })"#,
        #"import { pgTable } from "@acme/db"; export const t = pgTable("t", { id: integer() })"#,
        #"import { app } from "@acme/db"; export const t = app.table("t", { id: integer() })"#,
        #"export * from "./elsewhere""#,
    ])
    func `where a table may be missed, none is superfluous`(_ text: String) throws {
        let names = try read(text)
        #expect(names.tables.isEmpty && !names.isComplete && names.notes.count == 1)
    }

    @Test(arguments: [
        #"cuid("usr")"#, "helper('x')", "cond ? text('a') : text('b')", "text(TITLE)", #"text("a" + b)"#,
        "own.text('x')", "text('a') || text('b')",
    ])
    func `a column by anything but a builder of Drizzle's is not read`(_ value: String) throws {
        let names = try read(
            """
            const cuid = (prefix: string) => text("id").$defaultFn(() => prefix)
            const own = { text: cuid }
            export const t = pgTable("t", { id: integer(), other: \(value) })
            """
        )
        #expect(names.lines == ["public.t: id …"])
        #expect(names.notes == ["schema.ts:3: column \"other\" is not read: its builder is not written out here"])
    }

    @Test func `columns chosen from others are not read`() throws {
        let names = try read(
            """
            const times = { created: { at: timestamp() } }
            export const t = pgTable("t", { id: integer(), ...times.created, ...(flag && { x: text() }) })
            """
        )
        #expect(names.lines == ["public.t: id …"] && names.notes.count == 2)
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
        // Each of thousands spreads those before it, and each is a table's.
        let crowd = (0..<3_000).map { index in
            let spread = (max(0, index - 3)..<index).map { "...c\($0), " }.joined()
            return "const c\(index) = { \(spread)k\(index): text() }; pgTable('t\(index)', c\(index))"
        }
        let crowded = try read(crowd.joined(separator: "\n"))
        #expect(crowded.tables.count == 3_000 && crowded.tables.last { !$0.isComplete } != nil)
        #expect(try read("const a = b; const b = a; const o = {...o, x: a}; pgTable('x', o)").lines == ["public.x:  …"])
    }
}
