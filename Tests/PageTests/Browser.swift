import Effects
import FleetModel
import Glibc
import Testing
import TestSupport

/// A browser of these tests: without a window, with nothing of anyone's in it, spoken to over a pipe.
///
/// Its language is that of <https://chromedevtools.github.io/devtools-protocol/>: JSON, each message ended by a NUL.
actor Browser {
    /// The one that the tests of a suite share.
    @TaskLocal static var current: Browser?

    private let folder: TemporaryFolder
    private let descriptor: CInt
    private let program: ConnectedProgram
    private var received: [UInt8] = []
    private var sent = 0
    private var answers: [Int64: JSONValue] = [:]
    /// What happened in each tab, oldest first.
    private var events: [String: [JSONValue]] = [:]

    static let path: String? = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].first {
        access($0, X_OK) == 0
    }

    /// Whether there is one; says once where there is not.
    static let isAvailable: Bool = {
        if path == nil {
            Skipped.say("tests of pages in a browser: there is no chromium; scripts/bootstrap installs it")
        }
        return path != nil
    }()

    init() async throws {
        folder = try TemporaryFolder()
        var ends: [CInt] = [-1, -1]
        let kind = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw BrowserFailure("no socket") }
        descriptor = ends[0]
        // It reads from descriptor 3 and writes to 4: here one and the same connection. It ends when that does, so with us.
        let script =
            #"exec "$1" --user-data-dir="$2" --remote-debugging-pipe "${@:3}" 3<&0 4>&1 </dev/null >"$2/log" 2>&1"#
        let command = Command(
            "/bin/bash",
            [
                "-c", script, "browser", Self.path ?? "", folder.path, "--headless=new", "--no-sandbox",
                "--disable-gpu",
                "--no-first-run", "--disable-dev-shm-usage", "--disable-extensions", "--disable-background-networking",
                "--disable-sync",
                "--disable-component-update", "--hide-scrollbars", "--window-size=1400,900", "about:blank",
            ],
            environment: ["PATH": "/usr/bin:/bin", "HOME": folder.path, "LANG": "C.UTF-8", "TZ": "UTC"],
            folder: folder.path
        )
        defer { close(ends[1]) }
        program = try command.start(on: ends[1])
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
        // On a busy machine it takes its time to come up, once.
        try await call("Browser.getVersion", limit: .seconds(120))
    }

    /// Closes it, and waits until it is gone.
    func end() async {
        _ = try? await call("Browser.close")
        let gone = program
        await Task.detached {
            let late = Task.detached {
                try await Task.sleep(for: .seconds(5))
                gone.end(with: SIGKILL)
            }
            _ = gone.wait()
            late.cancel()
        }.value
        close(descriptor)
    }

    /// Asks and waits for the answer.
    @discardableResult
    func call(
        _ method: String,
        _ parameters: JSONValue = [:],
        in tab: String? = nil,
        limit: Duration = .seconds(30)
    ) async throws -> JSONValue {
        sent += 1
        let number = Int64(sent)
        var message: [JSONValue.Member] = [
            .init("id", .integer(number)), .init("method", .string(method)), .init("params", parameters),
        ]
        if let tab { message.append(.init("sessionId", .string(tab))) }
        try await send(JSONValue.object(message).canonical + [0])
        let deadline = ContinuousClock.now + limit
        while ContinuousClock.now < deadline {
            try await receive()
            if let answer = answers.removeValue(forKey: number) {
                if let error = answer["error"] { throw BrowserFailure("\(method): \(error.text)") }
                return answer["result"] ?? .null
            }
            try await Task.sleep(for: .milliseconds(1))
        }
        throw BrowserFailure("\(method): no answer")
    }

    /// What happened in a tab, by the event's name.
    func happened(_ name: String, in tab: String) async throws -> [JSONValue] {
        try await receive()
        return (events[tab] ?? []).filter { $0["method"] == .string(name) }.compactMap { $0["params"] }
    }

    func wait(for name: String, times: Int = 1, in tab: String) async throws {
        let deadline = ContinuousClock.now + .seconds(30)
        while ContinuousClock.now < deadline {
            if try await happened(name, in: tab).count >= times { return }
            try await Task.sleep(for: .milliseconds(2))
        }
        throw BrowserFailure("\(name) never happened")
    }

    private func send(_ bytes: [UInt8]) async throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if count < 0, errno == EAGAIN {
                try await receive()
                try await Task.sleep(for: .milliseconds(1))
            } else {
                throw BrowserFailure("the browser is gone: \(Files.text("\(folder.path)/log") ?? "")")
            }
        }
    }

    private func receive() async throws {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            if count == 0 { throw BrowserFailure("the browser is gone: \(Files.text("\(folder.path)/log") ?? "")") }
            guard count > 0 else { break }
            received.append(contentsOf: buffer.prefix(count))
        }
        while let end = received.firstIndex(of: 0) {
            let message = try JSONValue(parsing: Self.wholeNumbers(received[..<end]))
            received.removeSubrange(...end)
            if case .integer(let number)? = message["id"] {
                answers[number] = message
            } else if case .string(let tab)? = message["sessionId"] {
                events[tab, default: []].append(message)
                // A page with a dialog stands still until somebody answers.
                if message["method"] == "Page.javascriptDialogOpening" {
                    sent += 1
                    let answer: JSONValue = [
                        "id": .integer(Int64(sent)), "method": "Page.handleJavaScriptDialog",
                        "params": ["accept": true],
                        "sessionId": .string(tab),
                    ]
                    try await send(answer.canonical + [0])
                }
            }
        }
    }

    /// Our JSON has whole numbers alone; times and the like become strings.
    private static func wholeNumbers(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var index = bytes.startIndex
        var isText = false
        while index < bytes.endIndex {
            let byte = bytes[index]
            if isText {
                result.append(byte)
                if byte == 0x5C {
                    index += 1
                    result.append(bytes[index])
                } else if byte == 0x22 {
                    isText = false
                }
            } else if byte == 0x2D || (0x30...0x39).contains(byte) {
                let number = bytes[index...].prefix { "0123456789+-.eE".utf8.contains($0) }
                let isWhole = number.dropFirst(byte == 0x2D ? 1 : 0).allSatisfy { (0x30...0x39).contains($0) }
                result += isWhole && number.count < 16 ? Array(number) : [0x22] + number + [0x22]
                index += number.count
                continue
            } else {
                result.append(byte)
                isText = byte == 0x22
            }
            index += 1
        }
        return result
    }
}

/// One browser around all tests of a suite.
struct SharedBrowser: SuiteTrait, TestScoping {
    func provideScope(
        for test: Test,
        testCase: Test.Case?,
        performing function: @Sendable () async throws -> Void
    ) async throws {
        let browser = try await Browser()
        let result: Result<Void, any Error>
        do { result = .success(try await Browser.$current.withValue(browser) { try await function() }) } catch {
            result = .failure(error)
        }
        await browser.end()
        try result.get()
    }
}

extension Trait where Self == SharedBrowser {
    static var sharedBrowser: Self { Self() }
}

/// The browser did not do what it was told.
struct BrowserFailure: Error, CustomStringConvertible {
    var description: String
    init(_ description: String) { self.description = description }
}
