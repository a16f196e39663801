import FleetModel

extension EnvironmentSchema {
    private typealias Words = SchemaWords

    static var policy: JSONValue {
        Words.mapping(
            "What may happen without being asked; the role's defaults apply where a key is left out.",
            [
                (
                    "repair",
                    Words.choice(
                        "What becomes of a database that migrations alone cannot bring to its version.",
                        Policy.Repair.self
                    )
                ),
                (
                    "unmanaged",
                    Words.choice("What becomes of databases that no entry claims.", Policy.Unmanaged.self)
                ),
                (
                    "allow",
                    [
                        "description": "Hazards granted in advance.",
                        "anyOf": [
                            ["enum": ["all", "none"]],
                            Words.list("Hazards.", of: Words.choice("A hazard.", Hazard.self)),
                        ],
                    ]
                ),
                ("backup", backup),
                (
                    "maxDestroy",
                    [
                        "description": "How many databases one run may drop or rebuild: a number, or a percentage.",
                        "anyOf": [
                            ["type": "integer", "minimum": 0], ["type": "string", "pattern": "^(100|[0-9]{1,2})%$"],
                        ],
                    ]
                ),
                (
                    "rollout",
                    Words.mapping(
                        "In which order and how fast databases are worked on.",
                        [
                            (
                                "canary",
                                Words.number("Databases of a cohort done and verified before the rest.", from: 0)
                            ),
                            ("parallel", Words.number("How many are worked on at once.", from: 1, to: 1000)),
                            ("maxFailures", Words.number("How many may fail before the rest is left alone.", from: 0)),
                        ]
                    )
                ),
                (
                    "timeouts",
                    Words.mapping(
                        "Set for every transactional step.",
                        [
                            ("lock", Words.duration("How long a statement may wait for a lock.")),
                            (
                                "statement",
                                [
                                    "description": "How long a statement may run, or none.",
                                    "anyOf": [["const": "none"], Words.duration("A time.")],
                                ]
                            ),
                        ]
                    )
                ),
                ("requireTLS", Words.flag("Whether a TCP connection with no hop must verify who it speaks to.")),
            ]
        )
    }

    private static var backup: JSONValue {
        Words.mapping(
            "Backups before changes.",
            [
                ("when", Words.choice("Before which changes.", Policy.BackupWhen.self)),
                ("verify", Words.choice("How a backup is proved.", Policy.BackupVerify.self)),
                ("directory", Words.text("Where they are kept, relative to the root.")),
                ("keep", Words.duration("How long they are kept.")),
            ]
        )
    }
}
