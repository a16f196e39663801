internal import Glibc
internal import Synchronization

/// The environment this process was started with.
package enum ProcessEnvironment {
    package static func value(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }
    }

    /// All names and values.
    package static var all: [String: String] {
        var all: [String: String] = [:]
        var cursor = environ
        while let entry = cursor.pointee {
            let text = String(cString: entry)
            if let equals = text.firstIndex(of: "=") {
                all[String(text[..<equals])] = String(text[text.index(after: equals)...])
            }
            cursor += 1
        }
        return all
    }

    private static let withheld = Mutex<Set<String>>([])

    /// From now on no child gets these variables: they hold passwords, and nothing that we start needs one from there.
    package static func withhold(_ names: some Sequence<String>) {
        withheld.withLock { $0.formUnion(names) }
    }

    /// What a child gets: everything but what libpq and psql would take as a target or a secret, and what is withheld.
    package static var withoutPostgres: [String: String] {
        let secrets = withheld.withLock(\.self)
        return all.filter { !$0.key.hasPrefix("PG") && $0.key != "DATABASE_URL" && !secrets.contains($0.key) }
    }

    /// Lets neither this process nor its children leave a core file: what is in it may be a password.
    package static func leaveNoCore() {
        var none = rlimit(rlim_cur: 0, rlim_max: 0)
        setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
    }

    /// Forgets every `PG*` variable, so that libpq cannot find a target that no manifest names.
    ///
    /// To be called once, before the first thread: changing the environment is not safe beside other threads.
    /// `PGSERVICEFILE` stays, since it counts only where a manifest names a `service`.
    /// See <https://www.postgresql.org/docs/current/libpq-envars.html>.
    package static func forgetAmbientTargets() {
        for name in all.keys where name.hasPrefix("PG") && name != "PGSERVICEFILE" {
            unsetenv(name)
        }
        unsetenv("DATABASE_URL")
    }
}
