internal import Effects
internal import Glibc
internal import Reports

/// The two streams a command speaks on: results to stdout, all else to stderr.
struct Terminal: Sendable {
    /// Whether colour was refused by a flag; off a terminal and with `NO_COLOR` there is none anyway.
    var noColor = false

    var outputStyle: Style { style(of: STDOUT_FILENO) }
    var errorStyle: Style { style(of: STDERR_FILENO) }
    var isInteractive: Bool { isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1 }
    var errorIsTerminal: Bool { isatty(STDERR_FILENO) == 1 }

    /// Columns of the terminal; 100 where there is none.
    var width: Int {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 20 else { return 100 }
        return Int(size.ws_col)
    }

    private func style(of stream: CInt) -> Style {
        let refused = noColor || ProcessEnvironment.value("NO_COLOR").map { !$0.isEmpty } == true
        return !refused && isatty(stream) == 1 && ProcessEnvironment.value("TERM") != "dumb" ? .colored : .plain
    }

    /// Says something that is not a result.
    func say(_ line: String) { Self.write(line + "\n", to: STDERR_FILENO) }

    /// Gives a result.
    func give(_ text: String) { Self.write(text.hasSuffix("\n") ? text : text + "\n", to: STDOUT_FILENO) }

    func give(bytes: [UInt8]) { Self.write(bytes + [UInt8(ascii: "\n")], to: STDOUT_FILENO) }

    /// Asks and waits for a line; true for exactly `yes`.
    func confirms(_ question: String) -> Bool {
        Self.write(question, to: STDERR_FILENO)
        return readLine() == "yes"
    }

    /// Asks and waits for a line; nil where there is none any more.
    func answer(to question: String) -> String? {
        Self.write(question, to: STDERR_FILENO)
        return readLine()
    }

    private static func write(_ text: String, to stream: CInt) { write(Array(text.utf8), to: stream) }

    private static func write(_ bytes: [UInt8], to stream: CInt) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(stream, $0.baseAddress, $0.count) }
            // Nobody listens any more: a closed pipe is no failure of the work.
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }
}

extension Terminal {
    /// Shows a line that the next one replaces; only on a terminal.
    func status(_ line: String) {
        var shown = line
        while shown.count > width - 1 { shown.removeLast() }
        Self.write(shown, to: STDERR_FILENO)
    }

    func eraseLine() { Self.write("\r\u{1B}[K", to: STDERR_FILENO) }
}
