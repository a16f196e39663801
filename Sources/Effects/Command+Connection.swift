internal import CSpawn
internal import Glibc
internal import Synchronization

/// A program that was given an open connection as its stdin and its stdout.
package final class ConnectedProgram: Sendable {
    private struct State { var isOver = false }

    private let pid: pid_t
    private let errors: CInt
    private let state = Mutex(State())

    fileprivate init(pid: pid_t, errors: CInt) {
        self.pid = pid
        self.errors = errors
    }

    /// Blocks until it has ended; to be called once.
    package func wait() -> CommandResult {
        var said: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = read(errors, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            said.append(contentsOf: buffer.prefix(min(count, max(0, 64 << 10 - said.count))))
        }
        close(errors)
        var information = siginfo_t()
        while waitid(P_PID, id_t(pid), &information, WEXITED | WNOWAIT) != 0, errno == EINTR {}
        var status: CInt = 0
        // Its number belongs to it until it is collected: nobody else is shot at by `end`.
        state.withLock { state in
            state.isOver = true
            while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        }
        let signal = Int(status & 0x7f)
        return CommandResult(
            status: signal == 0 ? Int(status >> 8 & 0xff) : 128 + signal,
            output: [],
            errors: String(decoding: said, as: UTF8.self)
        )
    }

    /// Asks it and what it started to end.
    package func end(with signal: CInt = SIGTERM) {
        state.withLock { state in
            guard !state.isOver else { return }
            _ = Outside.perform(.signal("a program on a connection")) { kill(-pid, signal) }
        }
    }
}

extension Command {
    /// Starts it with an open connection as its stdin and its stdout: what passes there passes no process of ours.
    ///
    /// It blocks only for the start itself and needs no thread of Swift's pool, on which libpq may be waiting for just this
    /// program. The caller closes its own copy of the connection.
    ///
    /// - Parameter connection: an open descriptor.
    /// - Returns: the running program, in a group of its own; somebody must `wait` for it.
    /// - Throws: `CommandError.notStarted`.
    package func start(on connection: CInt) throws(CommandError) -> ConnectedProgram {
        try Outside.perform(.spawn(name)) { () throws(CommandError) in try spawn(on: connection) }
    }

    private func spawn(on connection: CInt) throws(CommandError) -> ConnectedProgram {
        var pipe: [CInt] = [-1, -1]
        guard pipe2(&pipe, O_CLOEXEC) == 0 else { throw .notStarted(program: program, reason: Self.reason(errno)) }
        // Where our own stdin is closed, an end of the pipe may have its number, and the child's would take its place.
        for index in pipe.indices where pipe[index] <= STDERR_FILENO {
            let low = pipe[index]
            pipe[index] = fcntl(low, F_DUPFD_CLOEXEC, STDERR_FILENO + 1)
            close(low)
        }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, connection, STDIN_FILENO)
        posix_spawn_file_actions_adddup2(&actions, connection, STDOUT_FILENO)
        posix_spawn_file_actions_adddup2(&actions, pipe[1], STDERR_FILENO)
        posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // What we ignore a child would ignore too.
        var usual = sigset_t()
        sigemptyset(&usual)
        for signal in [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE] { sigaddset(&usual, signal) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigdefault(&attributes, &usual)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(
            &attributes,
            Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK)
        )
        var words: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for word in words + variables { free(word) } }
        var pid: pid_t = 0
        let failure = posix_spawn(&pid, program, &actions, &attributes, &words, &variables)
        close(pipe[1])
        guard failure == 0 else {
            close(pipe[0])
            throw .notStarted(program: program, reason: Self.reason(failure))
        }
        return ConnectedProgram(pid: pid, errors: pipe[0])
    }

    private static func reason(_ number: CInt) -> String { String(cString: strerror(number)) }
}
