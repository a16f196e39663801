/// Names of databases that a run makes beside others: built there, or kept aside.
package enum RunName {
    /// What marks a database that rebuild, restore or move kept aside.
    package static let asideMark = "__rcl_"
    private static let buildMark = "__rcl_new_"

    /// `<name>__rcl_<run>`, its front shortened to 63 bytes in all.
    package static func aside(_ database: String, run: String) -> String { fitted(database, asideMark + run) }

    /// `<name>__rcl_new_<run>`: a database being built to take the place of another.
    package static func build(_ database: String, run: String) -> String { fitted(database, buildMark + run) }

    /// Whether an earlier run was building it and did not come to swap it in.
    package static func isBuild(_ name: String) -> Bool { name.contains(buildMark) }
    package static func isAside(_ name: String) -> Bool { name.contains(asideMark) }

    /// PostgreSQL cuts longer names silently: <https://www.postgresql.org/docs/current/sql-syntax-lexical.html>.
    ///
    /// Two names that begin alike stay two: what is cut off leaves six digits of its digest.
    private static func fitted(_ name: String, _ tail: String) -> String {
        guard name.utf8.count + tail.utf8.count > 63 else { return name + tail }
        let mark = "~" + Fingerprint(of: name).hex.prefix(6)
        var front = name
        while front.utf8.count + mark.utf8.count + tail.utf8.count > 63 { front.removeLast() }
        return front + mark + tail
    }
}
