internal import Effects
package import FleetModel
package import Postgres
package import Servers

/// The `pg_dump` that a backup is taken with, and where it runs.
package struct DumpTools: Sendable {
    package enum Place: Sendable {
        case here(PostgresPrograms)
        case behind(Way, RemoteDump)
    }

    package var place: Place

    package init(_ place: Place) {
        self.place = place
    }

    package var version: ServerVersion {
        switch place {
        case .here(let programs): programs.version
        case .behind(_, let dump): dump.version
        }
    }

    /// As a receipt says it.
    package var location: String {
        switch place {
        case .here: Self.here
        case .behind(let way, _): way.hops.map(\.description).joined(separator: " > ")
        }
    }

    package static let here = "this machine"

    /// Whether its version has holes through which a hostile database reaches the machine it runs on.
    package var hasKnownHoles: Bool { Self.hasKnownHoles(version) }

    private static func hasKnownHoles(_ version: ServerVersion) -> Bool {
        PostgresPrograms(folder: "", version: version, hasServer: false).clientsHaveKnownHoles
    }

    /// Chooses for a server of `major`: a fit one here, else a fit one behind the hops, else what there is here.
    ///
    /// - Throws: `BackupError.noPrograms` where none is new enough anywhere; what kept us from asking behind the hops.
    package static func choose(
        among programs: [PostgresPrograms],
        forMajor major: Int,
        _ target: ConnectionTarget
    ) async throws -> DumpTools {
        let local: PostgresPrograms?
        var missing: BackupError?
        do throws(BackupError) {
            if target.way is Way { try checkAdmitted() }
            local = try .clients(among: programs, forMajor: major)
        } catch {
            local = nil
            missing = error
        }
        if let local, !local.clientsHaveKnownHoles { return DumpTools(.here(local)) }
        if let way = target.way as? Way, !target.needsFilesOfThisMachine {
            let fit = try await RemoteDump.all(at: way.place).filter { $0.version.major >= major }
                .filter { !hasKnownHoles($0.version) }
            let same = fit.filter { $0.version.major == major }.max { $0.version < $1.version }
            if let found = same ?? fit.min(by: { $0.version < $1.version }) { return DumpTools(.behind(way, found)) }
        }
        guard let local else { throw missing ?? .noPrograms(major: major, what: "pg_dump") }
        return DumpTools(.here(local))
    }
}

extension DumpTools {
    /// Tools here run as `nobody` where there is no `postgres`, and the local end of a way lets `nobody` in to nothing.
    private static func checkAdmitted() throws(BackupError) {
        let user = try? ProcessUser.forPostgres()
        guard let user, user.name == "nobody" else { return }
        throw .program(
            name: "pg_dump",
            reason: "it would run here as \"nobody\", who is not let in where hops lead: make a user \"postgres\""
        )
    }
}

extension ConnectionTarget {
    /// Certificates and services lie here, and a program elsewhere would not find them.
    fileprivate var needsFilesOfThisMachine: Bool {
        let files: Set = ["sslcert", "sslkey", "sslrootcert", "sslcrl", "sslcrldir", "passfile", "service"]
        // With these libpq looks for a root certificate at home, and what it finds there decides.
        let modes: Set = ["require", "verify-ca", "verify-full"]
        return parameters.contains { files.contains($0.keyword) || $0.keyword == "sslmode" && modes.contains($0.value) }
    }
}

extension RemoteDump {
    /// Dumps a database there, streaming the archive to us: nothing is written on a disk over there.
    ///
    /// The password goes over its stdin, where `pg_dump` asks for one when there is no terminal; it stands in no argument and
    /// no environment. That stdin then stays open, and where it ends before the dump has (we were killed, or what leads there
    /// was), `pg_dump` is ended: it would hold its snapshot and its locks for hours.
    func run(
        _ options: [String],
        _ target: ConnectionTarget,
        over way: Way,
        application: String,
        _ receive: (UnsafeRawBufferPointer) throws -> Void
    ) async throws -> CommandResult {
        var parameters = ClientAccess.asLogin(target.parameters).filter {
            !Way.keywords.contains($0.keyword) && $0.keyword != "dbname"
        }
        parameters += way.farParameters
        parameters.append(("dbname", target.database))
        for (keyword, value) in [
            ("application_name", application), ("connect_timeout", "10"), ("gssencmode", "disable"),
            ("client_encoding", "UTF8"), ("passfile", "/nonexistent/no-pass-file"),
        ] where !parameters.contains(where: { $0.keyword == keyword }) {
            parameters.append((keyword, value))
        }
        var input: [UInt8] = [10]
        if let password = target.password {
            input = password.reveal { Array("\($0)\n".utf8) }
            guard input.count(where: { $0 == 10 || $0 == 13 }) == 1 else {
                throw BackupError.program(name: "pg_dump", reason: "the password has more than one line")
            }
        }
        let words =
            ["env", "-i", "PATH=/usr/bin:/bin", "LC_ALL=C", "sh", "-c", Self.watched, "reconcile-dump", program]
            + options
            + [target.password == nil ? "--no-password" : "--password"]
            + ["--dbname", ClientAccess.conninfo(parameters)]
        return try await way.place.stream(words, input: input, ending: .withUs, receive)
    }

    /// Hands the password on and ends the dump at the end of stdin.
    ///
    /// It waits for all it started, and starts no program but the dump: where the server is process 1, an orphan that a
    /// signal ends would make it restart every session.
    private static let watched = """
        IFS= read -r line
        exec 3<&0
        case $(command -v printf) in
            printf) ;;
            *) echo "sh has no printf of its own there, and the password would show" >&2; exit 1 ;;
        esac
        printf '%s\\n' "$line" | "$@" 3<&- &
        dump=$!
        unset line
        { while read -r line; do :; done; kill "$dump"; } <&3 3<&- >/dev/null 2>&1 &
        watch=$!
        wait "$dump"
        status=$?
        kill "$watch" 2>/dev/null
        wait 2>/dev/null
        exit "$status"
        """
}
