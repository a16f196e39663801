internal import Dispatch
internal import Glibc

/// One connection through a proxy: a thread that takes what comes from either end to the other.
struct WireConnection {
    private enum End { case open, lost }

    private let proxy: WireProxy
    private let client: CInt
    private let server: CInt
    private var fromClient: WireReader
    private var fromServer: WireReader
    /// Whether the client has said who it is: everything after that has a type.
    private var isStarted = false
    /// How many answers of one byte are to come.
    private var bytesAwaited = 0
    private var backend: Int32 = 0
    private var lastKind: UInt8 = 0
    /// What the server says, until it is known whether it says that it committed.
    private var withheld: [UInt8] = []
    private var hasWritten = false
    private var hasFailed = false
    private let begun = ContinuousClock.now

    init(_ proxy: WireProxy, client: CInt, server: CInt) {
        self.proxy = proxy
        self.client = client
        self.server = server
        fromClient = WireReader(socket: client)
        fromServer = WireReader(socket: server)
    }

    /// Runs until either end is gone; closes both.
    mutating func run() {
        while true {
            if proxy.isEnding { return hangUp() }
            if proxy.isOut(since: begun) {
                WireSocket.reset(client)
                close(server)
                return
            }
            let ready = WireSocket.waitForAny([client, server], milliseconds: 20)
            if ready[0] {
                guard fromClient.fill() else { return hangUp() }
                guard takeFromClient() == .open else { return }
            }
            if ready[1] {
                let isThere = fromServer.fill()
                guard takeFromServer() == .open else { return }
                guard isThere else {
                    WireSocket.send(withheld, to: client)
                    return hangUp()
                }
            }
        }
    }

    private mutating func takeFromClient() -> End {
        while let message = fromClient.next(isTyped: isStarted) {
            if !isStarted {
                // Requests to encrypt: https://www.postgresql.org/docs/current/protocol-flow.html
                if message.code == 80_877_103 || message.code == 80_877_104 {
                    bytesAwaited += 1
                } else {
                    isStarted = true
                }
            }
            if carry(message, .toServer, server) == .lost { return .lost }
        }
        return .open
    }

    private mutating func takeFromServer() -> End {
        while let message = bytesAwaited > 0 ? fromServer.nextByte() : fromServer.next(isTyped: true) {
            if bytesAwaited > 0 {
                bytesAwaited -= 1
                precondition(message.bytes == [UInt8(ascii: "N")], "the proxy cannot read what is encrypted")
            }
            let end = proxy.withholdsReplies ? hold(message) : carry(message, .toClient, client)
            if end == .lost { return .lost }
        }
        return .open
    }

    /// Passes a message on, unless this is where something breaks.
    private mutating func carry(_ message: WireMessage, _ direction: WireFault.Direction, _ to: CInt) -> End {
        if direction == .toClient { notice(message) }
        // Rows after the first of an answer have no number of their own: cutting between two is no other place.
        let isMore = direction == .toClient && lastKind == message.kind && "Dd".utf8.contains(message.kind)
        if direction == .toClient { lastKind = message.kind }
        guard !isMore else {
            WireSocket.send(message.bytes, to: to)
            return .open
        }
        let number = proxy.count(message, direction)
        if let damage = proxy.strikes(.before(direction, number), message), cause(damage) == .lost { return .lost }
        WireSocket.send(message.bytes, to: to)
        if let damage = proxy.strikes(.after(direction, number), message) { return cause(damage) }
        return .open
    }

    /// Keeps what the server says until its answer is whole.
    private mutating func hold(_ message: WireMessage) -> End {
        let hasCommitted = notice(message)
        withheld += message.bytes
        _ = proxy.count(message, .toClient)
        if let hasCommitted, let damage = proxy.strikes(.replyToCommit(hasCommitted), message) { return cause(damage) }
        // Before these the client says nothing more.
        if message.kind == 0 || "ZGWR".utf8.contains(message.kind) {
            WireSocket.send(withheld, to: client)
            withheld = []
        }
        return .open
    }

    /// What a message of the server's says of where its session stands; the commit's number where it ends one.
    @discardableResult
    private mutating func notice(_ message: WireMessage) -> Int? {
        switch message.kind {
        case UInt8(ascii: "K"): backend = message.backend
        case UInt8(ascii: "E"): hasFailed = true
        case UInt8(ascii: "C"):
            let word = message.text.prefix { $0 != " " }
            if !["SELECT", "SHOW", "SET", "RESET", "BEGIN", "COMMIT", "ROLLBACK", "DO", "COPY"].contains(word) {
                hasWritten = true
            }
        case UInt8(ascii: "Z"):
            defer { hasFailed = false }
            guard message.bytes.last == UInt8(ascii: "I") else { return nil }
            defer { hasWritten = false }
            return hasWritten && !hasFailed ? proxy.countCommit() : nil
        default: break
        }
        return nil
    }

    private mutating func cause(_ damage: WireFault.Damage) -> End {
        switch damage {
        case .reset:
            WireSocket.reset(client)
            close(server)
        case .hangUp: hangUp()
        case .silence(let duration):
            proxy.wait(duration)
            return .open
        case .oneSided(let duration):
            WireSocket.reset(client)
            proxy.wait(duration)
            close(server)
        case .outage(let duration):
            proxy.goOut(for: duration)
            WireSocket.reset(client)
            close(server)
        case .act(let body):
            let done = DispatchSemaphore(value: 0)
            Task { [backend] in
                await body(backend)
                done.signal()
            }
            done.wait()
            return .open
        }
        return .lost
    }

    private func hangUp() {
        close(client)
        close(server)
    }
}
