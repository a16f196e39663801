internal import Glibc

/// A user of this machine that a child runs as.
package struct ProcessUser: Sendable, Hashable {
    package var name: String
    package var id: UInt32
    package var group: UInt32
    package var supplementaryGroups: [UInt32]

    /// Looks a user up by name; nil where there is none.
    package init?(named name: String) {
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 16 << 10)
        guard getpwnam_r(name, &entry, &buffer, buffer.count, &found) == 0, found != nil else { return nil }
        self.name = name
        id = entry.pw_uid
        group = entry.pw_gid
        var groups = [gid_t](repeating: 0, count: 64)
        var count = CInt(groups.count)
        getgrouplist(name, entry.pw_gid, &groups, &count)
        supplementaryGroups = Array(groups.prefix(Int(max(0, min(count, 64)))))
    }

    /// What a user of this machine is called; nil where nobody has the number.
    package static func name(of id: UInt32) -> String? {
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 16 << 10)
        guard getpwuid_r(id, &entry, &buffer, buffer.count, &found) == 0, found != nil else { return nil }
        return entry.pw_name.map { String(cString: $0) }
    }

    /// Who PostgreSQL's own programs run as: nil where that is simply us.
    ///
    /// PostgreSQL refuses to run as root, so root steps down to `postgres`, else to `nobody`.
    /// See <https://www.postgresql.org/docs/current/app-initdb.html>.
    ///
    /// - Throws: `NoPlainUser` where we are root and there is neither.
    package static func forPostgres() throws(NoPlainUser) -> ProcessUser? {
        guard geteuid() == 0 else { return nil }
        guard let user = ProcessUser(named: "postgres") ?? ProcessUser(named: "nobody") else { throw NoPlainUser() }
        return user
    }

    /// As `forPostgres`, for what must be let in where our sessions go: never `nobody`, as whom anything may run.
    package static func forTools() throws(NoPlainUser) -> ProcessUser? {
        let user = try forPostgres()
        return user?.name == "nobody" ? nil : user
    }
}

/// We are root, PostgreSQL refuses root, and this machine has neither `postgres` nor `nobody`.
package struct NoPlainUser: Error, CustomStringConvertible {
    package var description: String {
        "PostgreSQL's programs refuse to run as root, and there is no user \"postgres\" or \"nobody\" to run them as"
    }
}
