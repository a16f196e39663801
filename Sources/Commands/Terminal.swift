internal import Effects
internal import Glibc
internal import Reports
internal import Synchronization

/// The two streams a command speaks on: results to stdout, all else to stderr.
struct Terminal: Sendable {
    /// Whether colour was refused by a flag; off a terminal and with `NO_COLOR` there is none anyway.
    var noColor = false
    /// How much is said beside the result.
    var voice = Voice.normal

    enum Voice: Sendable {
        /// Warnings and errors.
        case quiet
        /// Notes, and what goes on while it lasts.
        case normal
        /// Each step as it begins.
        case verbose
    }

    var outputStyle: Style { style(of: STDOUT_FILENO) }
    var errorStyle: Style { style(of: STDERR_FILENO) }
    var isInteractive: Bool { isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1 }
    var errorIsTerminal: Bool { isatty(STDERR_FILENO) == 1 }

    /// Columns of the terminal; 100 where there is none.
    var width: Int { Self.width(of: STDOUT_FILENO) }

    static func width(of stream: CInt) -> Int {
        var size = winsize()
        guard ioctl(stream, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 20 else { return 100 }
        return Int(size.ws_col)
    }

    private func style(of stream: CInt) -> Style { !isPlain && isatty(stream) == 1 ? .colored : .plain }

    /// Whether nothing is to be written but text.
    private var isPlain: Bool {
        noColor || ProcessEnvironment.value("NO_COLOR").map { !$0.isEmpty } == true
            || ProcessEnvironment.value("TERM") == "dumb"
    }

    /// Says what nobody needs to know to go on; nothing where only results are wanted.
    func note(_ line: String) {
        if voice != .quiet { say(line) }
    }

    /// Says something that is not a result, and must be known: a warning, an error.
    func say(_ line: String) { Self.write(line + "\n", to: STDERR_FILENO) }

    /// Gives a result.
    func give(_ text: String) { Self.give(Array((text.hasSuffix("\n") ? text : text + "\n").utf8)) }

    func give(bytes: [UInt8]) { Self.give(bytes + [UInt8(ascii: "\n")]) }

    private static func give(_ bytes: [UInt8]) {
        LiveLine.only.aside {
            let fault = writeAll(bytes, to: STDOUT_FILENO)
            if fault != 0, fault != EPIPE { lost.store(fault, ordering: .relaxed) }
        }
    }

    /// Why a result did not get where it was to go; nil where all did.
    ///
    /// That nobody listens any more is no failure of the work; that a disk is full would leave half a result.
    static var lostResult: String? {
        let fault = lost.load(ordering: .relaxed)
        return fault == 0 ? nil : String(cString: strerror(fault))
    }

    private static let lost = Atomic<CInt>(0)

    /// Asks and waits for a line; true for exactly `yes`.
    ///
    /// - Throws: `CancellationError` where whoever is asked interrupts instead.
    func confirms(_ question: String) throws -> Bool {
        let answer = answer(to: question)
        try Task.checkCancellation()
        return answer == "yes"
    }

    /// Asks and waits for a line; nil where there is none any more.
    func answer(to question: String) -> String? {
        LiveLine.only.end()
        Self.write(question, to: STDERR_FILENO)
        if isatty(STDIN_FILENO) == 1 {
            var wanted = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
            // Whoever is asked may interrupt instead of answering.
            while poll(&wanted, 1, 100) <= 0 {
                if Task.isCancelled {
                    Self.write("\n", to: STDERR_FILENO)
                    return nil
                }
            }
        }
        return readLine()
    }

    private static func write(_ text: String, to stream: CInt) { write(Array(text.utf8), to: stream) }

    private static func write(_ bytes: [UInt8], to stream: CInt) {
        LiveLine.only.aside { writeAll(bytes, to: stream) }
    }

    /// Writes, whatever stands in the last line: for that line itself; gives the error's number where it could not, else 0.
    @discardableResult
    static func writeAll(_ bytes: [UInt8], to stream: CInt) -> CInt {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(stream, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            if count < 0, errno == EAGAIN {
                // Somebody made it a stream that does not wait, and reads more slowly than we write.
                var wanted = pollfd(fd: stream, events: Int16(POLLOUT), revents: 0)
                _ = poll(&wanted, 1, -1)
                continue
            }
            guard count > 0 else { return count < 0 ? errno : EIO }
            rest = rest.dropFirst(count)
        }
        return 0
    }
}

extension Terminal {
    /// Shows what goes on in a last line, once it has lasted for over a second; only on a terminal, and not in a script.
    func tell(_ activity: Activity?) {
        guard voice != .quiet, errorIsTerminal else { return }
        LiveLine.only.tell(activity, as: isPlain ? .told : .drawn)
    }

    /// Nothing goes on any more.
    func rest() { LiveLine.only.end() }
}
