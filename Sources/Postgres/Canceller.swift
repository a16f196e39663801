internal import CLibPQ
internal import Dispatch
internal import Effects
internal import Glibc
internal import Synchronization

/// Asks the server to stop what a session is doing, from any thread, and only where it is the call that was cancelled.
///
/// `PQcancel` waits for the server without a limit of its own, and over hops what leads there may be stuck. So it has a thread
/// of its own, and after ten seconds the session is hung up instead: its locks go with it. The next call waits for that long
/// too, so that no late request hits it.
final class Canceller: Sendable {
    struct Call: Hashable, Sendable { var number: Int }

    private struct State {
        var token: CancelToken?
        var socket: CInt = -1
        var calls = 0
        var running: Call?
        var cancelled: Set<Call> = []
    }

    private let state = Mutex(State())
    private let requests = DispatchGroup()

    func arm(_ handle: OpaquePointer) {
        state.withLock { state in
            state.token = CancelToken(handle)
            state.socket = PQsocket(handle)
        }
    }

    func call() -> Call {
        state.withLock { state in
            state.calls += 1
            return Call(number: state.calls)
        }
    }

    /// False where the call was cancelled before its turn came.
    func begin(_ call: Call) -> Bool {
        state.withLock { state in
            guard state.cancelled.remove(call) == nil else { return false }
            state.running = call
            return true
        }
    }

    func end(_ call: Call) {
        _ = requests.wait(timeout: .now() + Self.limit + .seconds(1))
        state.withLock { $0.running = nil }
    }

    /// Returns at once.
    func cancel(_ call: Call) {
        let token: CancelToken? = state.withLock { state in
            guard state.running == call, let token = state.token else {
                state.cancelled.insert(call)
                return nil
            }
            requests.enter()
            return token
        }
        guard let token else { return }
        DispatchQueue(label: "reconcile.cancel").async { [requests] in
            token.send()
            requests.leave()
        }
        DispatchQueue(label: "reconcile.cancel.limit").async { [self] in
            if requests.wait(timeout: .now() + Self.limit) == .timedOut { hangUp(call) }
        }
    }

    func disarm() {
        state.withLock { state in
            state.token = nil
            state.socket = -1
        }
    }

    /// The socket is open as long as a call is running: only between calls is a session closed.
    private func hangUp(_ call: Call) {
        state.withLock { state in
            guard state.running == call, state.socket >= 0 else { return }
            _ = Outside.perform(.signal("hang up")) { shutdown(state.socket, CInt(SHUT_RDWR)) }
        }
    }

    private static let limit = DispatchTimeInterval.seconds(10)
}

/// What a request to cancel is made with.
///
/// `PQcancel` is safe to call from another thread while the connection is in use, and it reads only the `PGcancel` made
/// beforehand, which is freed with its last reference: <https://www.postgresql.org/docs/current/libpq-cancel.html>.
private final class CancelToken: @unchecked Sendable {
    private let token: OpaquePointer

    init?(_ handle: OpaquePointer) {
        guard let token = PQgetCancel(handle) else { return nil }
        self.token = token
    }

    deinit { PQfreeCancel(token) }

    func send() {
        var buffer = [CChar](repeating: 0, count: 256)
        _ = Outside.perform(.signal("cancel")) { PQcancel(token, &buffer, CInt(buffer.count)) }
    }
}
