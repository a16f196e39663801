internal import Effects
package import FleetModel

/// A `pg_dump` behind the hops that lead to a server, where none here is fit for it.
package struct RemoteDump: Sendable, Hashable {
    /// Its absolute path there.
    package var program: String
    package var version: ServerVersion

    /// All that are there, those on `PATH` first.
    ///
    /// - Throws: `HopError`, `CommandError`, `CancellationError`.
    package static func all(at place: Place) async throws -> [RemoteDump] {
        let result = try await place.run(["sh", "-c", question])
        return result.outputText.split(separator: "\n").compactMap { line in
            let parts = line.split(separator: "\t", maxSplits: 1).map(String.init)
            guard parts.count == 2, parts[0].hasPrefix("/"), let version = ServerVersion(parsing: parts[1]) else {
                return nil
            }
            return RemoteDump(program: parts[0], version: version)
        }
    }

    /// Debian's wrapper is passed over: it picks a version by its own lights.
    private static let question = """
        for program in "$(command -v pg_dump)" /usr/lib/postgresql/*/bin/pg_dump /usr/pgsql-*/bin/pg_dump \
            /usr/local/bin/pg_dump /opt/homebrew/opt/postgresql@*/bin/pg_dump; do
            [ -x "$program" ] || continue
            case $(readlink -f "$program") in */pg_wrapper) continue;; esac
            version=$("$program" --version 2>/dev/null) && printf '%s\\t%s\\n' "$program" "$version"
        done
        """
}
