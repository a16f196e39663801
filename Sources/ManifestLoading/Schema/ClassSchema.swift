import FleetModel
import Migrations

enum ClassSchema {
    private typealias Words = SchemaWords

    static var document: JSONValue {
        Words.document(
            "What every database of one class must look like.",
            "DatabaseClass",
            required: ["name", "migrations"],
            [
                ("name", Words.name("What environments call the class.")),
                ("description", Words.text("For readers.")),
                ("migrations", migrations),
                (
                    "tables",
                    Words.list(
                        "The tables the class owns at its latest version: \"table\" or \"schema.table\".",
                        of: Words.text("A table.")
                    )
                ),
                ("expects", expects),
                ("create", create),
                (
                    "init",
                    Words.list(
                        "SQL files, relative to this one, run once when a database is created or rebuilt.",
                        of: Words.text("A file under the root.")
                    )
                ),
                ("checks", Words.list("What must be true after every apply.", of: check)),
                ("drift", Words.drift(mayNameClass: false)),
            ]
        )
    }

    private static var migrations: JSONValue {
        Words.mapping(
            "Where the migrations are, and how they run.",
            required: ["directory", "format"],
            [
                ("directory", Words.text("The migrations' folder, relative to this file.")),
                (
                    "format",
                    Words.choice(
                        "Whose folder and history it is.",
                        (MigrationSource.Format.all + [.auto]).map(\.name)
                    )
                ),
                ("schema", Words.name("Schema of the history table; the format's own where it is left out.")),
                ("table", Words.name("Name of the history table; the format's own where it is left out.")),
                ("role", Words.name("Who the statements run as: owner (default), login, or a role's name.")),
                ("searchPath", Words.text("What the statements run with; by default: \"$user\", public")),
            ]
        )
    }

    private static var expects: JSONValue {
        let sources = ["sql", "command", "drizzle"]
        return Words.mapping(
            "What the code expects, so that code ahead of migrations is found: one of sql, command and drizzle.",
            [
                ("sql", Words.text("An SQL file, relative to this one.")),
                (
                    "command",
                    Words.list(
                        "A program and its arguments, run without a shell, which prints SQL.",
                        of: Words.text("A word."),
                        least: 1
                    )
                ),
                ("drizzle", Words.text("Drizzle's schema in TypeScript: a file or a folder, relative to this file.")),
                ("casing", Words.choice("Which casing drizzle is told to use.", Expectation.Casing.self)),
                ("timeout", Words.duration("How long the command may run.")),
            ],
            .init("oneOf", .array(sources.map { ["required": JSONValue([$0])] }))
        )
    }

    private static var create: JSONValue {
        Words.mapping(
            "How a database of the class is created; the server's own default where a key is left out.",
            [
                ("owner", Words.name("A role.")), ("encoding", Words.text("As CREATE DATABASE takes it.")),
                ("locale", Words.text("As CREATE DATABASE takes it.")),
                ("template", Words.name("What is copied; template0 by default.")),
                (
                    "extensions",
                    Words.list(
                        "Extensions created before the first migration.",
                        of: Words.name("An extension."),
                        isUnique: true
                    )
                ),
            ]
        )
    }

    private static var check: JSONValue {
        Words.mapping(
            "A question that must be answered with true.",
            required: ["name", "sql"],
            [("name", Words.text("What the check is called.")), ("sql", Words.text("A query of one truth value."))]
        )
    }
}
