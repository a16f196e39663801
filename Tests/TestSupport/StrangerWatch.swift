package import Effects
internal import Glibc

/// What another user of the machine sees meanwhile: words and environments of processes, and files that are not closed
/// to it.
///
/// That user is `nobody`: neither who runs the program nor who runs PostgreSQL's.
package struct StrangerWatch: Sendable {
    /// How often it has looked at everything.
    package var rounds: Int
    /// Where something was seen, a line for each.
    package var sightings: [String]
    /// Whether it sees at all: it was shown one process's words.
    package var sawTheDecoy: Bool

    private static let decoy = "Lockvogel4711"

    /// Nil where nobody else can be taken, as we are not root.
    package static var user: ProcessUser? {
        guard geteuid() == 0, (try? ProcessUser.forPostgres())?.name != "nobody" else { return nil }
        return ProcessUser(named: "nobody")
    }

    /// Does `body`, and lets that user look meanwhile.
    package static func during<Value: Sendable>(
        _ canary: Canary,
        as user: ProcessUser,
        _ body: () async throws -> Value
    ) async throws -> (Value, StrangerWatch) {
        let folder = try TemporaryFolder()
        chown(folder.path, user.id, user.group)
        // In a file: as words they would be what is looked for.
        try folder.write((canary.patterns + [decoy]).joined(separator: "\n") + "\n", to: "patterns")
        chmod("\(folder.path)/patterns", 0o644)
        let watcher = Command("/bin/sh", ["-c", watching, "stranger", folder.path], folder: "/", user: user)
        let value = try await watcher.runBeside {
            let shown = Command("/bin/sh", ["-c", "sleep 3; exit 0", "decoy", decoy], folder: "/")
            async let isShown = shown.run()
            let value = try await body()
            _ = try await isShown
            return value
        }
        let lines = (Files.text("\(folder.path)/found") ?? "").split(separator: "\n").map(String.init)
        return (
            value,
            StrangerWatch(
                rounds: (Files.bytes("\(folder.path)/rounds") ?? []).count,
                sightings: Set(lines.filter { !$0.contains(decoy) }).sorted(),
                sawTheDecoy: lines.contains { $0.contains(decoy) }
            )
        )
    }

    private static let watching = """
        cd "$1"
        while :; do
            grep -a -s -H -o -F -f patterns /proc/[0-9]*/cmdline /proc/[0-9]*/environ \
                /dev/shm/rcl-access-*/* /tmp/rcl-access-*/* >>found
            printf . >>rounds
            sleep 0.03
        done &
        looking=$!
        cat >/dev/null
        kill "$looking"
        """
}
