internal import Glibc
internal import Synchronization

/// One thing done to the world outside this process, as the choke point names it.
///
/// Labels are for people and traces: they never hold a secret, a row or a whole statement.
package enum Effect: Sendable, CustomStringConvertible {
    case connect(String)
    /// A message to a server in a session that may not write; not numbered.
    case query(String)
    /// A message to a server in a session that may write.
    case statement(String)
    case spawn(String)
    case makeDirectory(String)
    case createFile(String)
    case writeFile(String)
    case synchronize(String)
    case rename(String)
    case remove(String)
    case signal(String)

    package var description: String {
        switch self {
        case .connect(let what): "connect \(what)"
        case .query(let what): "query \(what)"
        case .statement(let what): "statement \(what)"
        case .spawn(let what): "spawn \(what)"
        case .makeDirectory(let what): "mkdir \(what)"
        case .createFile(let what): "create \(what)"
        case .writeFile(let what): "write \(what)"
        case .synchronize(let what): "fsync \(what)"
        case .rename(let what): "rename \(what)"
        case .remove(let what): "remove \(what)"
        case .signal(let what): "signal \(what)"
        }
    }

    /// Whether it can leave a trace: only such effects are numbered.
    private var isNumbered: Bool {
        if case .query = self { return false }
        return true
    }

    /// Its number in this run, from 1; nil where it can leave no trace.
    fileprivate func takeNumber() -> Int? {
        isNumbered ? Outside.taken.add(1, ordering: .relaxed).newValue : nil
    }
}

/// The one choke point: every effect on the outside passes here and nowhere else.
///
/// A fault test tells it to die at a place: `RECONCILE_CRASH_AT=17`, `17:before` or `17:after` (the default) kills the
/// process with SIGKILL at its 17th numbered effect, `17:stop` stops it there with SIGSTOP. `RECONCILE_TRACE=FILE`
/// appends a line for each effect, so that a sweep knows how many there are. Neither does anything else.
package enum Outside {
    fileprivate static let taken = Atomic<Int>(0)
    private static let fault = Fault(ProcessEnvironment.value("RECONCILE_CRASH_AT"))
    private static let trace = ProcessEnvironment.value("RECONCILE_TRACE").map(Trace.init)

    /// Does `body`, the one effect named, unless the process is told to die before or after it.
    package static func perform<Result, Failure: Error>(
        _ effect: Effect,
        _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let number = effect.takeNumber()
        begin(effect, number)
        defer { end(effect, number) }
        return try body()
    }

    /// As `perform`, for an effect that is waited for without blocking a thread.
    package static func performAsync<Result>(
        _ effect: Effect,
        isolation: isolated (any Actor)? = #isolation,
        _ body: () async throws -> Result
    ) async throws -> Result {
        let number = effect.takeNumber()
        begin(effect, number)
        defer { end(effect, number) }
        return try await body()
    }

    private static func begin(_ effect: Effect, _ number: Int?) {
        trace?.write(number, effect)
        if let number { fault?.strike(number, .before) }
    }

    private static func end(_ effect: Effect, _ number: Int?) {
        if let number { fault?.strike(number, .after) }
    }
}

/// Where the process is told to die.
private struct Fault: Sendable {
    enum Moment: Sendable { case before, after }

    let number: Int
    let moment: Moment
    let signal: CInt

    init?(_ text: String?) {
        guard let parts = text?.split(separator: ":"), let first = parts.first, let number = Int(first) else {
            return nil
        }
        self.number = number
        moment = parts.dropFirst().first == "before" ? .before : .after
        signal = parts.dropFirst().first == "stop" ? SIGSTOP : SIGKILL
    }

    func strike(_ number: Int, _ moment: Moment) {
        guard number == self.number, moment == self.moment else { return }
        kill(getpid(), signal)
    }
}

/// A file that tells which effects a run had.
private struct Trace: Sendable {
    let descriptor: CInt

    init(_ path: String) {
        descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    }

    func write(_ number: Int?, _ effect: Effect) {
        let line = "\(number.map(String.init) ?? "-")\t\(effect)\n"
        _ = line.utf8.withContiguousStorageIfAvailable { Glibc.write(descriptor, $0.baseAddress, $0.count) }
    }
}
