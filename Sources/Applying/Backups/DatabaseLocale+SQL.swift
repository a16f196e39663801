internal import Postgres

extension DatabaseLocale {
    /// The options of `CREATE DATABASE … TEMPLATE template0` that give a database this locale.
    ///
    /// See <https://www.postgresql.org/docs/current/sql-createdatabase.html>.
    func options(onMajor major: Int) -> SQL {
        var options: SQL = """
            TEMPLATE template0 ENCODING \(literal: encoding) LC_COLLATE \(literal: collate) LC_CTYPE \(literal: ctype)
            """
        guard major >= 15 else { return options }
        switch provider {
        case "i":
            options = options + " LOCALE_PROVIDER icu ICU_LOCALE \(literal: locale ?? "und")"
            if let rules, major >= 16 { options = options + " ICU_RULES \(literal: rules)" }
        case "b" where major >= 17:
            options = options + " LOCALE_PROVIDER builtin BUILTIN_LOCALE \(literal: locale ?? "C")"
        default: options = options + " LOCALE_PROVIDER libc"
        }
        return options
    }

    /// What every server has: the same encoding, text sorted by bytes.
    var fallback: DatabaseLocale {
        DatabaseLocale(
            encoding: encoding,
            collate: "C",
            ctype: "C",
            provider: "c",
            locale: nil,
            rules: nil,
            collationVersion: nil
        )
    }
}
