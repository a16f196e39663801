internal import Glibc
internal import Reports
internal import Synchronization

/// The last line of a terminal, which tells what goes on for as long as it does.
///
/// There is one stderr, so there is one of these. Whoever writes anything else has it erased first, and it comes back with
/// its next beat: no line of a result or of an error ever holds a piece of it. The cursor is never hidden, so nothing is
/// left to be put back where we are killed.
final class LiveLine: Sendable {
    static let only = LiveLine()

    enum Form: Sendable {
        /// Drawn again and again in one place.
        case drawn
        /// Said as a line, each thing once: the terminal cannot erase, or is not to be sent anything but text.
        case told
    }

    private struct State {
        var activity: Activity?
        var form = Form.drawn
        var told: Set<String> = []
        var beats = 0
        var isDrawn = false
        var heart: Task<Void, Never>?
    }

    private static let patience = Duration.seconds(1)
    private static let pace = Duration.milliseconds(100)
    private static let frames = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"]
    private static let erasure = Array("\r\u{1B}[K".utf8)

    private let state = Mutex(State())

    /// What goes on now, nil for nothing worth telling; shown from a second after the first of these since the last `end`.
    func tell(_ activity: Activity?, as form: Form) {
        state.withLock { state in
            state.activity = activity
            state.form = form
            if activity == nil { Self.erase(&state) }
            guard activity != nil, state.heart == nil else { return }
            state.heart = Task { [self] in
                try? await Task.sleep(for: Self.patience)
                while !Task.isCancelled {
                    beat()
                    try? await Task.sleep(for: Self.pace)
                }
            }
        }
    }

    /// Nothing goes on any more: the line is as if it had never been.
    func end() {
        state.withLock { state in
            state.heart?.cancel()
            Self.erase(&state)
            state = State()
        }
    }

    /// Does a writing that must not meet the line.
    func aside(_ write: () -> Void) {
        state.withLock { state in
            Self.erase(&state)
            write()
        }
    }

    /// As `end` for a signal's sake: it waits for nobody.
    func wipe() {
        _ = state.withLockIfAvailable { Self.erase(&$0) }
    }

    private func beat() {
        state.withLock { state in
            // A task that was cancelled while it waited for the lock has nothing to draw any more.
            guard !Task.isCancelled, let activity = state.activity else { return }
            switch state.form {
            case .told:
                guard state.told.insert(activity.whole).inserted else { return }
                Terminal.writeAll(Array((activity.whole + "\n").utf8), to: STDERR_FILENO)
            case .drawn:
                // Behind a shell's back nothing is drawn: the terminal is somebody else's just now.
                let owner = tcgetpgrp(STDERR_FILENO)
                guard owner < 0 || owner == getpgrp() else { return }
                let frame = Self.frames[state.beats % Self.frames.count]
                let room = Terminal.width(of: STDERR_FILENO) - 1
                let line = TerminalText.fitting("\(frame) \(activity.now)", columns: room)
                Terminal.writeAll(Array("\r\(line)\u{1B}[K".utf8), to: STDERR_FILENO)
                state.beats += 1
                state.isDrawn = true
            }
        }
    }

    private static func erase(_ state: inout State) {
        guard state.isDrawn else { return }
        Terminal.writeAll(erasure, to: STDERR_FILENO)
        state.isDrawn = false
    }
}
