import Effects
import FleetModel
import Testing
import TestSupport

/// A page in the browser, and what it did.
struct Tab {
    let browser: Browser
    let session: String
    private let folder: TemporaryFolder
    private let target: String
    private let hasScripts: Bool
    private var address: String { "file://\(folder.path)/page.html" }

    /// Opens a page from a file, as people do.
    static func with(
        _ html: [UInt8],
        at place: String = "",
        dark: Bool = false,
        scripts: Bool = true,
        _ body: (Tab) async throws -> Void
    ) async throws {
        let browser = try #require(Browser.current)
        let folder = try TemporaryFolder(in: "/tmp")
        let text = String(decoding: html, as: UTF8.self)
        try folder.write(text, to: "page.html")
        // To look at them oneself.
        if let kept = ProcessEnvironment.value("PAGES") {
            try Files.write(text, to: "\(kept)/\(Test.current?.name.filter { $0.isLetter || $0 == " " } ?? "").html")
        }
        let created = try await browser.call("Target.createTarget", ["url": "about:blank"])
        guard case .string(let target)? = created["targetId"] else { throw BrowserFailure("no tab") }
        let attached = try await browser.call(
            "Target.attachToTarget",
            ["targetId": .string(target), "flatten": true]
        )
        guard case .string(let session)? = attached["sessionId"] else { throw BrowserFailure("no session") }
        let tab = Tab(browser: browser, session: session, folder: folder, target: target, hasScripts: scripts)
        for domain in ["Page", "Runtime", "Network", "Log"] { try await tab.call("\(domain).enable") }
        try await tab.prefer(dark: dark)
        if !scripts { try await tab.call("Emulation.setScriptExecutionDisabled", ["value": true]) }
        try await tab.go(to: place)
        try await body(tab)
        try await browser.call("Target.closeTarget", ["targetId": .string(target)])
    }

    @discardableResult
    func call(_ method: String, _ parameters: JSONValue = [:]) async throws -> JSONValue {
        try await browser.call(method, parameters, in: session)
    }

    /// Loads the page anew, at a place in it.
    func go(to place: String) async throws {
        let loads = try await browser.happened("Page.loadEventFired", in: session).count
        if loads > 0 { try await call("Page.navigate", ["url": "about:blank"]) }
        if loads > 0 { try await browser.wait(for: "Page.loadEventFired", times: loads + 1, in: session) }
        try await call("Page.navigate", ["url": .string(address + place)])
        try await browser.wait(for: "Page.loadEventFired", times: loads == 0 ? 1 : loads + 2, in: session)
    }

    func prefer(dark: Bool) async throws {
        let scheme: JSONValue = ["name": "prefers-color-scheme", "value": dark ? "dark" : "light"]
        try await call("Emulation.setEmulatedMedia", ["features": [scheme]])
    }

    /// What an expression is worth in the page; objects come as JSON.
    @discardableResult
    func ask(_ expression: String) async throws -> JSONValue {
        let result = try await call(
            "Runtime.evaluate",
            ["expression": .string(expression), "returnByValue": true, "awaitPromise": true]
        )
        if let exception = result["exceptionDetails"] { throw BrowserFailure("\(expression): \(exception.text)") }
        return result["result"]?["value"] ?? .null
    }

    func text(_ expression: String) async throws -> String {
        guard case .string(let text) = try await ask("String(\(expression))") else { return "" }
        return text
    }

    func number(_ expression: String) async throws -> Int {
        guard case .integer(let number) = try await ask("Math.round(\(expression))") else { return -1 }
        return Int(number)
    }

    func holds(_ expression: String) async throws -> Bool { try await ask("Boolean(\(expression))") == true }

    /// Presses the mouse on the middle of an element, as a person would.
    func click(_ selector: String) async throws {
        let literal = JSONValue.string(selector).text
        let place = try await ask(
            """
            (() => { const e = document.querySelector(\(literal)); if (!e) return null;
            e.scrollIntoView({ block: 'center' }); const r = e.getClientRects()[0];
            return r ? [Math.round(r.x + r.width / 2), Math.round(r.y + r.height / 2)] : null; })()
            """
        )
        guard case .array(let point) = place, point.count == 2 else {
            throw BrowserFailure("nothing to click: \(selector)")
        }
        for kind in ["mousePressed", "mouseReleased"] {
            try await call(
                "Input.dispatchMouseEvent",
                ["type": .string(kind), "x": point[0], "y": point[1], "button": "left", "clickCount": 1]
            )
        }
        try await settle()
    }

    func press(_ key: String, code: Int) async throws {
        for kind in ["rawKeyDown", "keyUp"] {
            try await call(
                "Input.dispatchKeyEvent",
                [
                    "type": .string(kind), "key": .string(key), "code": .string(key),
                    "windowsVirtualKeyCode": .integer(Int64(code)),
                ]
            )
        }
        if key == "Enter" { try await call("Input.dispatchKeyEvent", ["type": "char", "text": "\r"]) }
        try await settle()
    }

    /// Writes into the filter.
    func look(for words: String) async throws {
        try await ask("document.getElementById('filter').select()")
        if words.isEmpty {
            try await press("Backspace", code: 8)
        } else {
            try await call("Input.insertText", ["text": .string(words)])
        }
        try await settle()
    }

    /// Until what was begun by a click or a key is done.
    private func settle() async throws {
        guard hasScripts else { return try await Task.sleep(for: .milliseconds(150)) }
        try await ask("new Promise((done) => setTimeout(() => setTimeout(() => done(true), 0), 0))")
    }

    /// Whatever a report must not do: ask for something, open a dialog, say something, fail, or break its own policy.
    func misdeeds() async throws -> [String] {
        var misdeeds: [String] = []
        let failures = try await browser.happened("Network.loadingFailed", in: session)
        let blocked = failures.filter { $0["blockedReason"] == "csp" }.map { $0["requestId"] }
        for request in try await browser.happened("Network.requestWillBeSent", in: session) {
            guard case .string(let url)? = request["request"]?["url"] else { continue }
            guard !url.hasPrefix(address), url != "about:blank" else { continue }
            let isBlocked = blocked.contains(request["requestId"])
            misdeeds.append(isBlocked ? "was kept from asking for \(url)" : "asked for \(url)")
        }
        for (event, what) in [
            ("Page.javascriptDialogOpening", "opened a dialog"), ("Runtime.consoleAPICalled", "wrote to the console"),
            ("Runtime.exceptionThrown", "threw"), ("Log.entryAdded", "was reported"),
            ("Page.windowOpen", "opened a window"), ("Page.downloadWillBegin", "began a download"),
        ] {
            misdeeds += try await browser.happened(event, in: session).map { "\(what): \($0.text)" }
        }
        return misdeeds
    }
}
