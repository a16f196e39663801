import FleetModel

enum EnvironmentSchema {
    private typealias Words = SchemaWords

    static var document: JSONValue {
        Words.document(
            "Where the databases of one environment live, and what each should be.",
            "Environment",
            required: ["name", "role", "instances"],
            [
                ("name", Words.name("What the environment is called.")),
                ("role", Words.choice("What it is for; decides the defaults of its policy.", EnvironmentRole.self)),
                ("description", Words.text("For readers.")),
                (
                    "instances",
                    [
                        "description": "PostgreSQL servers by the names they are called here.", "type": "object",
                        "minProperties": 1, "additionalProperties": instance,
                    ]
                ),
                (
                    "databases",
                    Words.list("Which databases there should be; the first entry that claims a name wins.", of: entry)
                ),
                ("policy", policy), ("drift", Words.drift(mayNameClass: true)), ("gate", gate),
            ]
        )
    }

    private static var instance: JSONValue {
        Words.mapping(
            "One PostgreSQL server and the way to it.",
            required: ["connection"],
            [
                ("via", Words.list("Hops, outermost first; left out to connect directly.", of: hop)),
                ("connection", connection), ("password", password),
                ("state", Words.choice("Whether it takes databases or gives them up.", Instance.State.self)),
            ]
        )
    }

    private static var gate: JSONValue {
        Words.mapping(
            "How the gate judges, where that differs from what is usual.",
            [
                (
                    "rules",
                    Words.mapping(
                        "Rules by their codes.",
                        GateRule.allCases.filter(\.mayBeSet).map { rule in
                            (
                                rule.code,
                                Words.mapping(
                                    "How much it counts here.",
                                    required: ["level"],
                                    [
                                        ("level", Words.choice("What becomes of what it finds.", GateLevel.self)),
                                        ("reason", Words.text("Why; needed where the level is not error.")),
                                    ]
                                )
                            )
                        }
                    )
                )
            ]
        )
    }

    private static var hop: JSONValue {
        Words.mapping(
            "One hop on the way to a server.",
            [
                (
                    "ssh",
                    [
                        "description":
                            "A destination of ssh, or where it is with what ssh's configuration does not say.",
                        "anyOf": [
                            ["type": Words.textTypes],
                            Words.mapping(
                                "A destination of ssh.",
                                required: ["destination"],
                                [
                                    ("destination", Words.text("A host, user@host, or a name of ssh's configuration.")),
                                    ("config", Words.text("A configuration file, relative to this one.")),
                                    ("identity", Words.text("A key's file, relative to this one.")),
                                    ("port", Words.number("A port.", from: 1, to: 65_535)),
                                ]
                            ),
                        ],
                    ]
                ),
                ("docker", Words.text("A container's name.")),
                (
                    "kubectl",
                    [
                        "description": "A pod, or where it is.",
                        "anyOf": [
                            ["type": Words.textTypes],
                            Words.mapping(
                                "A pod.",
                                required: ["pod"],
                                [
                                    ("pod", Words.text("The pod's name.")), ("namespace", Words.text("Its namespace.")),
                                    ("context", Words.text("A context of kubectl's configuration.")),
                                    ("container", Words.text("A container of the pod.")),
                                ]
                            ),
                        ],
                    ]
                ),
            ],
            .init("minProperties", 1),
            .init("maxProperties", 1)
        )
    }

    private static var connection: JSONValue {
        Words.mapping(
            "libpq's keywords, but for its secrets; host and port are as seen from behind the last hop.",
            ConnectionKeyword.all.map { keyword in
                if let choices = ConnectionKeyword.choices[keyword] {
                    return (keyword, Words.choice("libpq's \(keyword).", choices))
                }
                return ConnectionKeyword.wholeNumbers.contains(keyword)
                    ? (keyword, Words.number("libpq's \(keyword).", from: 0))
                    : (keyword, Words.text("libpq's \(keyword)."))
            }
        )
    }

    private static var password: JSONValue {
        Words.mapping(
            "Where the password is read from; never the password itself.",
            [
                ("env", Words.text("An environment variable's name.")),
                ("file", Words.text("A file, relative to this one, that nobody else may read.")),
                (
                    "command",
                    Words.list(
                        "A program and its arguments, run without a shell, which prints it.",
                        of: Words.text("A word."),
                        least: 1
                    )
                ),
            ],
            .init("minProperties", 1),
            .init("maxProperties", 1)
        )
    }

    private static var entry: JSONValue {
        let selectors = ["name", "names", "match", "query"]
        return Words.mapping(
            "Databases of one class: exactly one of name, names, match and query says which.",
            required: ["class", "version"],
            [
                ("name", Words.name("One database; it is created where it does not exist.")),
                (
                    "names",
                    Words.list(
                        "Databases; they are created where they do not exist.",
                        of: Words.name("A database."),
                        least: 1,
                        isUnique: true
                    )
                ),
                ("match", Words.text("A pattern (*, ?, […]) over databases that exist.")),
                (
                    "query",
                    Words.mapping(
                        "One column of names, asked of a database of the same instance.",
                        required: ["database", "sql"],
                        [("database", Words.name("Who is asked.")), ("sql", Words.text("The question."))]
                    )
                ),
                ("class", Words.text("A DatabaseClass's name.")),
                ("version", Words.text("A migration's tag (0001_phase_17), its number, or latest.")),
                ("instance", Words.text("An instance; may be left out where one alone is active.")),
            ],
            .init("oneOf", .array(selectors.map { ["required": JSONValue([$0])] }))
        )
    }
}
