internal import CSpawn
internal import Glibc
internal import Subprocess
internal import Synchronization
internal import SystemPackage

/// A program to run: an absolute path and its arguments, never a shell line.
package struct Command: Sendable {
    package var program: String
    package var arguments: [String]
    /// The whole environment of the child.
    package var environment: [String: String]
    package var folder: String?
    /// Who it runs as; nil: who we are.
    package var user: ProcessUser?
    /// The child is killed when it runs longer.
    package var timeLimit: Duration?
    /// The child is killed when it says more than so many bytes, on stdout or on stderr.
    package var speechLimit: Int?
    /// Whether all that it started ends with it.
    package var endsWhole = false

    package init(
        _ program: String,
        _ arguments: [String] = [],
        environment: [String: String] = ProcessEnvironment.withoutPostgres,
        folder: String? = nil,
        user: ProcessUser? = nil,
        timeLimit: Duration? = nil
    ) {
        self.program = program
        self.arguments = arguments
        self.environment = environment
        self.folder = folder
        self.user = user
        self.timeLimit = timeLimit
    }

    private var shownProgram: String { program == "/usr/bin/env" ? name : program }

    /// What a trace and an error call it: `env` only finds another program.
    package var name: String {
        let found = program == "/usr/bin/env" && arguments.first == "--" && arguments.count > 1 ? arguments[1] : program
        return FilePath(found).lastComponent?.string ?? found
    }
}

/// What becomes of a program's stdin when it has been given its input.
package enum InputEnd: Sendable {
    case atOnce
    /// It ends with the program or with us, whatever ends us: who reads on there learns of it.
    case withUs
}

/// How a program ended.
///
/// A status other than 0 is a result, not an error.
package struct CommandResult: Sendable {
    /// The exit status, or 128 + the signal that ended it.
    package var status: Int
    package var output: [UInt8]
    /// At most 64 KiB of what it said on stderr.
    package var errors: String

    package init(status: Int, output: [UInt8], errors: String) {
        self.status = status
        self.output = output
        self.errors = errors
    }

    package var outputText: String { String(decoding: output, as: UTF8.self) }
}

/// A program could not be run to its end.
package enum CommandError: Error, Sendable, CustomStringConvertible {
    case notStarted(program: String, reason: String)
    case tookTooLong(program: String, limit: Duration)
    case saidTooMuch(program: String, limit: Int)

    package var description: String {
        switch self {
        case .notStarted(let program, let reason): "cannot run \(program): \(reason)"
        case .tookTooLong(let program, let limit): "\(program) was ended: it ran longer than \(limit)"
        case .saidTooMuch(let program, let limit): "\(program) was ended: it said more than \(limit) bytes"
        }
    }
}

extension Command {
    /// Runs it to its end, keeping at most `limit` bytes of its output.
    ///
    /// - Throws: `CommandError`, or `CancellationError` after the child was killed.
    package func run(input: [UInt8] = [], limit: Int = 16 << 20) async throws -> CommandResult {
        var output: [UInt8] = []
        var result = try await stream(input: input) { bytes in
            output.append(contentsOf: bytes.prefix(max(0, limit - output.count)))
        }
        result.output = output
        return result
    }

    /// Runs it to its end and hands over its output piece by piece; a throwing receiver ends the child.
    package func stream(
        input: [UInt8] = [],
        ending: InputEnd = .atOnce,
        _ receive: (UnsafeRawBufferPointer) throws -> Void
    ) async throws -> CommandResult {
        let descriptor: CInt
        var held: CInt = -1
        switch ending {
        case .atOnce where input.isEmpty:
            return try await Outside.performAsync(.spawn(name)) { try await spawn(input: .none, receive) }
        case .atOnce: descriptor = try memory(holding: input)
        case .withUs: (descriptor, held) = try pipe(holding: input)
        }
        defer {
            close(descriptor)
            if held >= 0 { close(held) }
        }
        return try await Outside.performAsync(.spawn(name)) {
            let input = FileDescriptor(rawValue: descriptor)
            return try await spawn(input: .fileDescriptor(input, closeAfterSpawningProcess: false), receive)
        }
    }

    /// A file in memory and nowhere else: a child that ends without reading its input is no fault of a pipe then.
    ///
    /// Subprocess ends the whole process where a pipe to a child breaks.
    private func memory(holding bytes: [UInt8]) throws(CommandError) -> CInt {
        let descriptor = memfd_create("input", 1)
        guard descriptor >= 0 else { throw .notStarted(program: program, reason: String(cString: strerror(errno))) }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                let reason = String(cString: strerror(errno))
                close(descriptor)
                throw .notStarted(program: program, reason: reason)
            }
            rest = rest.dropFirst(count)
        }
        lseek(descriptor, 0, SEEK_SET)
        return descriptor
    }

    /// A pipe with its first bytes in it; they must fit, since nobody reads yet.
    private func pipe(holding bytes: [UInt8]) throws(CommandError) -> (output: CInt, input: CInt) {
        var ends: [CInt] = [-1, -1]
        guard pipe2(&ends, O_CLOEXEC) == 0 else {
            throw .notStarted(program: program, reason: String(cString: strerror(errno)))
        }
        // Writes up to 4096 bytes are whole: <https://man7.org/linux/man-pages/man7/pipe.7.html>.
        let isWritten =
            bytes.isEmpty
            || bytes.count <= 4096 && bytes.withUnsafeBytes { write(ends[1], $0.baseAddress, $0.count) } == bytes.count
        guard isWritten else {
            for end in ends { close(end) }
            throw .notStarted(program: program, reason: "its input is too long")
        }
        return (ends[0], ends[1])
    }

    /// Runs it to its end with a file as its stdin, opened by us: the child's user need not be able to reach it.
    package func run(inputFile path: String, limit: Int = 16 << 20) async throws -> CommandResult {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw CommandError.notStarted(program: program, reason: "\(path): \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        var output: [UInt8] = []
        var result = try await Outside.performAsync(.spawn(name)) {
            let input = FileDescriptor(rawValue: descriptor)
            return try await spawn(input: .fileDescriptor(input, closeAfterSpawningProcess: false)) { bytes in
                output.append(contentsOf: bytes.prefix(max(0, limit - output.count)))
            }
        }
        result.output = output
        return result
    }

    private func spawn(
        input: some InputProtocol,
        _ receive: (UnsafeRawBufferPointer) throws -> Void
    ) async throws -> CommandResult {
        let expiry = Expiry()
        let excess = Expiry()
        do {
            let result = try await Subprocess.run(
                configuration,
                input: input,
                output: .sequence,
                error: .sequence
            ) { execution in
                @Sendable func end() { try? execution.send(signal: .kill, toProcessGroup: true) }
                @Sendable func watch(_ said: Int) {
                    guard let speechLimit, said > speechLimit, !excess.isOver else { return }
                    excess.expire()
                    end()
                }
                async let errors = Self.text(of: execution.standardError, limit: 64 << 10, watch)
                // Cancelled with this scope, so a child that ends in time is never shot at.
                async let _: Void = expiry.wait(timeLimit) { end() }
                // What it left behind may hold its output open, so nobody waits for the end of that first.
                let process = execution.processIdentifier.value
                async let isOver: Void = endsWhole ? Self.wait(forEndOf: process, then: end) : ()
                var said = 0
                for try await buffer in execution.standardOutput {
                    said += buffer.count
                    watch(said)
                    try buffer.withUnsafeBytes { try receive($0) }
                }
                await isOver
                return try await errors
            }
            if excess.isOver, let speechLimit {
                throw CommandError.saidTooMuch(program: shownProgram, limit: speechLimit)
            }
            if expiry.isOver, let timeLimit {
                throw CommandError.tookTooLong(program: shownProgram, limit: timeLimit)
            }
            return CommandResult(status: result.terminationStatus.shellStatus, output: [], errors: result.closureResult)
        } catch let error as SubprocessError {
            try Task.checkCancellation()
            throw CommandError.notStarted(program: program, reason: "\(error)")
        }
    }

    var configuration: Configuration {
        let names = environment.compactMap { pair in Environment.Key(rawValue: pair.key).map { ($0, pair.value) } }
        var options = PlatformOptions()
        // Its own group: a Ctrl-C typed at us is ours to pass on, in an order of ours.
        options.processGroupID = 0
        options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .seconds(2))]
        var executable = program
        var words = arguments
        if let user, user.id != getuid() {
            if access(Self.setpriv, X_OK) == 0 {
                executable = Self.setpriv
                let groups = user.supplementaryGroups.map(String.init).joined(separator: ",")
                words = ["--reuid=\(user.id)", "--regid=\(user.group)"]
                words += [groups.isEmpty ? "--clear-groups" : "--groups=\(groups)", "--", program] + arguments
            } else {
                options.userID = user.id
                options.groupID = user.group
                options.supplementaryGroups = user.supplementaryGroups
            }
        }
        return Configuration(
            executable: .path(FilePath(executable)),
            arguments: Arguments(words),
            environment: .custom(Dictionary(uniqueKeysWithValues: names)),
            workingDirectory: folder.map { FilePath($0) },
            platformOptions: options
        )
    }

    /// A program of its own steps down to another user, since doing so between fork and exec can hang.
    ///
    /// glibc's `setgroups` takes a lock that another thread of ours may hold at the fork, and swift-subprocess forks by a
    /// bare `clone3`, after which nobody gives it back. Seen: a child that waited for ever.
    private static let setpriv = "/usr/bin/setpriv"

    /// Waits until a child has ended, and collects nothing: until somebody does, its number and its group are its own.
    private static func wait(forEndOf process: pid_t, then end: () -> Void) async {
        var information = siginfo_t()
        repeat {
            information.si_signo = 0
            let status = waitid(P_PID, id_t(process), &information, WEXITED | WNOWAIT | WNOHANG)
            if status != 0, errno != EINTR { break }
            if status == 0, information.si_signo != 0 { break }
        } while (try? await Task.sleep(for: .milliseconds(10))) != nil
        end()
    }

    private static func text(
        of output: SubprocessOutputSequence,
        limit: Int,
        _ watch: (Int) -> Void
    ) async throws -> String {
        var bytes: [UInt8] = []
        var said = 0
        for try await buffer in output {
            said += buffer.count
            watch(said)
            buffer.withUnsafeBytes { bytes.append(contentsOf: $0.prefix(max(0, limit - bytes.count))) }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// Whether a time limit has passed.
private final class Expiry: Sendable {
    private let over = Atomic(false)

    var isOver: Bool { over.load(ordering: .acquiring) }

    func wait(_ limit: Duration?, _ expire: () -> Void) async {
        guard let limit, (try? await Task.sleep(for: limit)) != nil else { return }
        self.expire()
        expire()
    }

    func expire() { over.store(true, ordering: .releasing) }
}

extension TerminationStatus {
    fileprivate var shellStatus: Int {
        switch self {
        case .exited(let status): Int(status)
        case .signaled(let signal): 128 + Int(signal)
        }
    }
}
