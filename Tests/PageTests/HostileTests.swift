import FleetModel
import Reports
import Testing
import TestSupport

// Names, messages and SQL of strangers in a report: text, whatever they say.
extension PageTests {
    @Suite struct HostileTests {
        @Test(.proves(35)) func `text stays text wherever it stands`() async throws {
            // As many elements as with plain words, but for characters that are shown by their numbers.
            let elements = "document.querySelectorAll('*:not(.unseen)').length"
            var expected = 0
            try await Tab.with(Pages.page(Pages.hostile("harmless"))) { expected = try await $0.number(elements) }
            #expect(expected > 500)
            for attack in Pages.volleys {
                try await Tab.with(Pages.page(Pages.hostile(attack))) { tab async throws in
                    #expect(try await tab.number(elements) == expected, "\(attack)")
                    #expect(try await tab.text(Probe.strangers) == "", "\(attack)")
                    try await tab.click("[data-action=open]")
                    #expect(try await tab.misdeeds() == [], "\(attack)")
                }
            }
        }

        @Test(.proves(35)) func `nothing turns text around or hides in it`() async throws {
            try await Tab.with(Pages.page(Pages.hostile("\u{202E}desrever\u{200B}"))) { tab async throws in
                #expect(
                    try await tab.holds(
                        "!/[\\u202A-\\u202E\\u2066-\\u2069\\u200B\\uFEFF]/.test(document.documentElement.outerHTML)"
                    )
                )
                #expect(try await tab.holds("document.querySelector('pre .unseen').innerText === 'U+202E'"))
            }
        }

        @Test func `these tests would see it if text became more than text`() async throws {
            let careless =
                "<!doctype html><title>x</title><p>\(Pages.attacks[6])</p><img src=\"https://example.org/x.png\">"
            try await Tab.with(Array(careless.utf8)) { tab async throws in
                let misdeeds = try await tab.misdeeds()
                #expect(misdeeds.contains { $0.hasPrefix("opened a dialog") })
                #expect(misdeeds.contains { $0.hasPrefix("asked for https://example.org/x.png") })
                #expect(try await tab.text(Probe.strangers) != "")
            }
        }

        @Test(.proves(35)) func `were it not escaped, the page's own policy would still stop it`() async throws {
            let page = String(decoding: Pages.page(Pages.estate), as: UTF8.self)
            let attack = "<script>alert(1)</script><img src=x onerror=alert(2)><p style=\"color:red\" id=styled>x</p>"
            let broken = page.split(separator: "</main>", maxSplits: 1).joined(separator: attack + "</main>")
            try await Tab.with(Array(broken.utf8)) { tab async throws in
                let misdeeds = try await tab.misdeeds()
                #expect(!misdeeds.contains { $0.hasPrefix("opened a dialog") || $0.hasPrefix("asked for") })
                #expect(misdeeds.contains { $0.hasPrefix("was kept from asking for") })
                // The browser reports what it stopped.
                #expect(misdeeds.contains { $0.contains("Content Security Policy") })
                #expect(
                    try await tab.text("getComputedStyle(document.getElementById('styled')).color") != "rgb(255, 0, 0)"
                )
                #expect(try await tab.holds("document.querySelector('.controls').hidden === false"))
            }
        }
    }
}
