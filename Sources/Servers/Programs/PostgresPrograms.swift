internal import Effects
package import FleetModel
internal import Glibc
internal import SystemPackage

/// One installation of PostgreSQL's programs on this machine.
package struct PostgresPrograms: Sendable, Hashable {
    /// Absolute path of the folder that holds them.
    package var folder: String
    package var version: ServerVersion
    /// Whether `initdb` and `postgres` are there, and not only the client tools.
    package var hasServer: Bool

    package init(folder: String, version: ServerVersion, hasServer: Bool) {
        self.folder = folder
        self.version = version
        self.hasServer = hasServer
    }

    package func path(_ program: String) -> String { "\(folder)/\(program)" }

    /// All installations, best first: what `--pg-bin` names alone, else those on `PATH`, under `/usr/lib/postgresql`,
    /// and in Homebrew's folders, newest first within each.
    package static func all(explicit: String?) async -> [PostgresPrograms] {
        if let explicit { return await inspect(folder: explicit).map { [$0] } ?? [] }
        var folders = (ProcessEnvironment.value("PATH") ?? "").split(separator: ":").map(String.init)
        folders += versioned(under: "/usr/lib/postgresql", suffix: "bin")
        folders += versioned(under: "/opt/homebrew/opt", suffix: "bin", prefix: "postgresql@")
        folders += versioned(under: "/usr/local/opt", suffix: "bin", prefix: "postgresql@")
        var seen: Set<String> = []
        var found: [PostgresPrograms] = []
        for folder in folders where isExecutable("\(folder)/pg_dump") || isExecutable("\(folder)/postgres") {
            // Debian's programs on PATH are one wrapper that picks a version by its own lights, and slowly.
            guard !real("\(folder)/pg_dump").hasSuffix("/pg_wrapper"), seen.insert(real(folder)).inserted,
                let programs = await inspect(folder: folder)
            else { continue }
            found.append(programs)
        }
        return found
    }

    private static func inspect(folder: String) async -> PostgresPrograms? {
        let hasServer = isExecutable("\(folder)/postgres") && isExecutable("\(folder)/initdb")
        // A distribution's wrapper in /usr/bin picks a version by its own lights: ask what is really run.
        let asked = isExecutable("\(folder)/pg_dump") ? "pg_dump" : "postgres"
        let command = Command("\(folder)/\(asked)", ["--version"], timeLimit: .seconds(10))
        guard let result = try? await command.run(), result.status == 0,
            let version = ServerVersion(parsing: result.outputText)
        else { return nil }
        return PostgresPrograms(folder: folder, version: version, hasServer: hasServer)
    }

    private static func versioned(under parent: String, suffix: String, prefix: String = "") -> [String] {
        guard let entries = opendir(parent) else { return [] }
        defer { closedir(entries) }
        var majors: [Int] = []
        while let entry = readdir(entries) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name.hasPrefix(prefix), let major = Int(name.dropFirst(prefix.count)) { majors.append(major) }
        }
        return majors.sorted(by: >).map { "\(parent)/\(prefix)\($0)/\(suffix)" }
    }

    private static func isExecutable(_ path: String) -> Bool { access(path, X_OK) == 0 }

    private static func real(_ path: String) -> String {
        guard let resolved = realpath(path, nil) else { return path }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}
