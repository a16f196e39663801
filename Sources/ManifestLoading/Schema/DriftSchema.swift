import FleetModel

extension SchemaWords {
    /// Which differences of a schema do not count, of a class or of an environment.
    static func drift(mayNameClass: Bool) -> JSONValue {
        let className: [(String, JSONValue)] =
            mayNameClass ? [("class", text("The class it is for; all of them where it is left out."))] : []
        func rules(_ description: String) -> JSONValue {
            list(
                description,
                of: [
                    "anyOf": [
                        ["type": textTypes],
                        mapping(
                            "An object and why it does not count.",
                            required: ["object"],
                            [
                                ("object", text("A kind and a name, as in: index public.tmp_*")),
                                ("reason", text("Why; may be left out where drift has a reason for all.")),
                            ] + className
                        ),
                    ]
                ]
            )
        }
        return mapping(
            "Differences from what the migrations make that do not count.",
            [
                ("ignore", rules("Objects that may differ: a kind and a pattern, or grants, owners, comments.")),
                ("dated", rules("Tables with a date in their name, as in: table events_{date}")),
                ("reason", text("Why, for all that give no reason of their own.")),
            ]
        )
    }
}
