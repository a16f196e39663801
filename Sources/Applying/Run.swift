internal import Effects
internal import FleetModel
internal import Glibc

/// One run of `apply` (or another command that changes something): who, where, and under which name.
package struct Run: Sendable, Hashable {
    /// Twelve digits of time and four random characters: sorts by time, fits into names.
    package let id: String
    package let environment: String
    package let user: String
    package let host: String
    package let pid: Int

    package init(environment: String, now: Int64, random: UInt32) {
        self.environment = environment
        id = Self.stamp(now) + Self.suffix(random)
        user = ProcessEnvironment.value("SUDO_USER") ?? Self.userName ?? "unknown"
        host = Self.hostName
        pid = Int(getpid())
    }

    /// What the server shows of our sessions; `unlock --force` ends exactly those that begin with `sessionPrefix`.
    package func applicationName(_ purpose: String) -> String {
        String(decoding: "\(sessionPrefix) \(user)@\(host):\(pid) \(purpose)".utf8.prefix(63), as: UTF8.self)
    }

    package var sessionPrefix: String { "reconcile/\(id)" }

    private static func stamp(_ seconds: Int64) -> String {
        var time = time_t(seconds)
        var parts = tm()
        gmtime_r(&time, &parts)
        let fields = [parts.tm_year % 100, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec]
        return fields.map { $0 < 10 ? "0\($0)" : "\($0)" }.joined()
    }

    private static func suffix(_ random: UInt32) -> String {
        let digits = String(random % 1_679_616, radix: 36)
        return String(repeating: "0", count: 4 - digits.count) + digits
    }

    private static var userName: String? {
        getpwuid(geteuid()).map { String(cString: $0.pointee.pw_name) }
    }

    private static var hostName: String {
        var name = [CChar](repeating: 0, count: 256)
        gethostname(&name, name.count - 1)
        return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
