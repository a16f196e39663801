internal import Glibc

/// A password that is looked for everywhere, in whatever form it may have been written.
package struct Canary: Sendable {
    /// What no form of writing can hide: letters and digits stay as they are in JSON, URLs and shell words.
    private static let core = "Kanarienvogel7319"
    /// Quotes of all kinds, a format, a backslash, what ends a user or a line in a pass file, letters beyond ASCII.
    package let password = "'q\"%s\\:@ünï$x`\(Canary.core)`#/?&=é "

    private let forms: [[UInt8]]

    package init() {
        let core = Array(Self.core.utf8)
        let digits = Array("0123456789abcdef".utf8)
        let hex = core.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        forms =
            [core, hex, hex.map { (97...122).contains($0) ? $0 - 32 : $0 }]
            + (0..<3).map { Self.base64(core, after: $0) }
    }

    /// The forms it may have, as text.
    package var patterns: [String] { forms.map { String(decoding: $0, as: UTF8.self) } }

    /// Whether some bytes hold it: as it is, percent-encoded, hexadecimal, or in base64 wherever it begins.
    package func isIn(_ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { text in
            forms.contains { form in form.withUnsafeBytes { Self.isPart($0, of: text) } }
        }
    }

    private static func isPart(_ form: UnsafeRawBufferPointer, of text: UnsafeRawBufferPointer) -> Bool {
        guard let wanted = form.baseAddress, var place = text.baseAddress else { return false }
        let end = place + text.count
        while end - place >= form.count, let found = memchr(place, Int32(form[0]), end - place - form.count + 1) {
            if memcmp(found, wanted, form.count) == 0 { return true }
            place = UnsafeRawPointer(found) + 1
        }
        return false
    }

    package func isIn(_ text: String) -> Bool { !text.isEmpty && isIn(Array(text.utf8)) }

    /// Files below a folder that hold it.
    package func files(below folder: String) -> [String] {
        Files.all(below: folder).map { "\(folder)/\($0)" }.filter { path in
            Files.bytes(path).map { !$0.isEmpty && isIn($0) } == true
        }
    }

    /// What base64 makes of it wherever `before` bytes precede it in a group of three, without what its neighbours change.
    private static func base64(_ bytes: [UInt8], after before: Int) -> [UInt8] {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        let all = [UInt8](repeating: 0, count: before) + bytes
        var text: [UInt8] = []
        for start in stride(from: 0, to: all.count - 2, by: 3) {
            let group = UInt32(all[start]) << 16 | UInt32(all[start + 1]) << 8 | UInt32(all[start + 2])
            text += [18, 12, 6, 0].map { alphabet[Int(group >> $0 & 63)] }
        }
        return Array(text.dropFirst(before == 0 ? 0 : before + 1))
    }
}

/// Looks at every process of the machine again and again while something runs: its words, its environment, its limits.
package actor ProcessWatch {
    private let canary: Canary
    private let program: String
    private var sightings: Set<String> = []
    private var coreLimits: [pid_t: String] = [:]
    private var loose: Set<String> = []
    private(set) package var rounds = 0

    /// - Parameters:
    ///   - canary: what must not be seen.
    ///   - program: the one process that was given it in its environment by whoever started it.
    package init(_ canary: Canary, givenTo program: String) {
        self.canary = canary
        self.program = program
    }

    package struct Result: Sendable {
        package var rounds: Int
        /// Where it was seen in a process's words or environment.
        package var sightings: [String]
        /// Files of pass files' folders that hold it and that others may read.
        package var loose: [String]
        /// What the program's processes said of the size of their core files, each last.
        package var coreLimits: [String]
    }

    /// Does `body`, and watches meanwhile.
    package static func during<Value: Sendable>(
        _ canary: Canary,
        givenTo program: String,
        _ body: () async throws -> Value
    ) async throws -> (Value, Result) {
        let watch = ProcessWatch(canary, givenTo: program)
        let looking = Task.detached {
            while !Task.isCancelled {
                await watch.look()
                try? await Task.sleep(for: .milliseconds(3))
            }
        }
        defer { looking.cancel() }
        let value = try await body()
        looking.cancel()
        await looking.value
        return (value, await watch.result)
    }

    private var result: Result {
        Result(
            rounds: rounds,
            sightings: sightings.sorted(),
            loose: loose.sorted(),
            coreLimits: coreLimits.values.sorted()
        )
    }

    private func look() {
        rounds += 1
        for pid in (Files.names(in: "/proc") ?? []).compactMap({ pid_t($0) }) where pid != getpid() {
            guard let words = Files.bytes("/proc/\(pid)/cmdline"), !words.isEmpty else { continue }
            let line = String(decoding: words.map { $0 == 0 ? 32 : $0 }, as: UTF8.self)
            if canary.isIn(words) { sightings.insert("words: \(line)") }
            if line.hasPrefix(program) {
                let limit = Files.text("/proc/\(pid)/limits")?.split(separator: "\n").first { $0.hasPrefix("Max core") }
                if let limit { coreLimits[pid] = String(limit) }
            } else if let environment = Files.bytes("/proc/\(pid)/environ"), !environment.isEmpty,
                canary.isIn(environment)
            {
                sightings.insert("environment: \(line)")
            }
        }
        for folder in ["/dev/shm", "/tmp"] {
            for name in Files.names(in: folder) ?? [] where name.hasPrefix("rcl-access-") {
                for file in canary.files(below: "\(folder)/\(name)") {
                    var status = stat()
                    guard stat(file, &status) == 0 else { continue }
                    if status.st_mode & 0o077 != 0 { loose.insert(file) }
                }
            }
        }
    }
}
