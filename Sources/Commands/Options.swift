internal import ArgumentParser
internal import Effects
internal import FleetModel
internal import Glibc
internal import Logging
internal import Planning
internal import Postgres
internal import Reports

/// Flags that every command knows.
struct CommonOptions: ParsableArguments {
    @Option(
        name: [.customShort("C"), .customLong("root")],
        help: .init("Folder of environments/ and manifests/.", valueName: "dir"),
        completion: .directory
    )
    var root = "."

    @Option(help: .init("Write the result to a file, not to stdout.", valueName: "file"), completion: .file())
    var output: String?

    @Flag(help: "No colour, as with NO_COLOR or off a terminal.")
    var noColor = false

    @Flag(name: .shortAndLong, help: "Only results, warnings and errors; no progress, no notes.")
    var quiet = false

    @Flag(name: .shortAndLong, help: "Everything: each database, each statement whole, each lock.")
    var verbose = false

    @Option(help: .init("How much to log on stderr, trace to critical.", valueName: "level"))
    var logLevel = "warning"

    var terminal: Terminal {
        Terminal(noColor: noColor, voice: quiet ? .quiet : verbose ? .verbose : .normal)
    }

    /// How much of what is alike a result shows.
    var detail: Detail { verbose ? .whole : .folded }

    func validate() throws {
        guard Logger.Level(rawValue: logLevel) != nil else {
            throw ValidationError("no log level is named \"\(logLevel)\"")
        }
        if quiet, verbose { throw ValidationError("--quiet and --verbose exclude each other") }
    }
}

/// How what is done on servers is done.
struct WorkOptions: ParsableArguments {
    @Option(
        help: .init(
            "Folder of PostgreSQL's programs; else those on PATH, else the newest installed.",
            valueName: "dir"
        ),
        completion: .directory
    )
    var pgBin: String?

    @Option(help: .init("How many databases to work on at once.", valueName: "n"))
    var parallel: Int?

    /// What was asked for, or a number that no server minds.
    var width: Int { parallel ?? 8 }

    func validate() throws {
        if let parallel, parallel < 1 { throw ValidationError("--parallel takes a number from 1") }
    }
}

/// Flags of commands that look at servers.
struct ServerOptions: ParsableArguments {
    @OptionGroup var work: WorkOptions

    @Option(help: .init("Only this instance; may be repeated.", valueName: "name"))
    var instance: [String] = []

    @Option(help: .init("Only databases whose name fits; may be repeated.", valueName: "glob"))
    var database: [String] = []

    @Option(help: .init("Server to use as scratch, not an embedded one.", valueName: "url"))
    var scratch: String?

    var narrowing: Narrowing { Narrowing(instances: instance, databases: database) }

    func validate() throws {
        for glob in database where Glob(glob) == nil {
            throw ValidationError("\"\(glob)\" is no pattern: a \"[\" is never closed")
        }
        if let scratch { try Self.requireReadable(scratch) }
    }

    static func requireReadable(_ scratch: String) throws {
        // Not said again: there may be a password in it.
        guard ConnectionTarget(reading: scratch) != nil else {
            throw ValidationError("--scratch takes a URL, or keywords and values, as libpq reads them")
        }
    }
}

/// Hazards granted on the command line.
struct GrantOptions: ParsableArguments {
    @Option(
        name: .customLong("allow"),
        help: .init(
            "Hazards to grant beside the policy's: \(Hazard.allCases.map(\.rawValue).joined(separator: ", ")).",
            valueName: "hazard,…"
        ),
        completion: .list(Hazard.allCases.map(\.rawValue))
    )
    var allowed: [String] = []

    func hazards() throws -> Set<Hazard> {
        var hazards: Set<Hazard> = []
        for name in allowed.flatMap({ $0.split(separator: ",") }) {
            guard let hazard = Hazard(rawValue: String(name)) else {
                let all = Hazard.allCases.map(\.rawValue).joined(separator: ", ")
                throw ValidationError("no hazard is named \"\(name)\"; there are \(all)")
            }
            hazards.insert(hazard)
        }
        return hazards
    }

    func validate() throws { _ = try hazards() }
}

extension CommonOptions {
    /// Gives a result, to the file where one is named.
    ///
    /// - Throws: an ending with 1 where the file cannot be written, `CancellationError` where the work was broken off.
    func write(_ bytes: [UInt8]) throws {
        try Task.checkCancellation()
        try put(bytes)
    }

    /// As `write`, also where the work was broken off: of what is done already.
    func put(_ bytes: [UInt8]) throws {
        guard let output else { return terminal.give(bytes: bytes) }
        do throws(FileError) {
            try ResultFile.write(bytes + [UInt8(ascii: "\n")], to: output)
        } catch {
            throw Ending(.failed, "cannot write \(output): \(error.reason)")
        }
    }

    func write(_ text: String) throws { try write(Array((text.hasSuffix("\n") ? String(text.dropLast()) : text).utf8)) }
}
