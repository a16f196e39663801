import Effects
import FleetModel
import Reports
import Servers
import Testing
import TestSupport

/// A saved plan is carried out as it was written, or not at all.
@Suite struct PlanBytesTests {
    @Test(.proves(11), .timeLimit(.minutes(30)))
    func `a plan in which any byte was changed, or that was cut or added to, is refused`() async throws {
        let template = try await SweepTemplate.make("everything-at-once")
        try await template.with { root in
            let file = "\(root.folder.path)/plan.json"
            let plan = try await root.reconcile("plan", "here", "--out", "plan.json")
            try #require(plan.status == 0, "\(plan.errors)")
            let bytes = try #require(Files.bytes(file))
            let line = Array(bytes.dropLast())
            #expect(throws: Never.self) { try Plan(reading: line) }
            // Each byte once by the reader alone, and some by the program itself.
            for place in Sweep.pick(Array(line.indices), quick: 40, sample: 100) {
                Sweep.tried()
                #expect(throws: PlanDocumentError.self, "byte \(place)") {
                    try Plan(reading: Self.flipped(line, at: place, 1 << UInt8(place % 8)))
                }
            }
            let before = try await root.server.writes()
            var random = Xorshift(state: 0x2545_F491_4F6C_DD1D)
            var altered: [(String, [UInt8])] = [
                ("cut", Array(bytes.dropLast())), ("halved", Array(bytes.prefix(bytes.count / 2))), ("empty", []),
                ("a line added", bytes + [0x0A]), ("twice", bytes + bytes), ("a blank before it", [0x20] + bytes),
            ]
            for _ in 0..<Sweep.count(quick: 4, sample: 10, whole: 1000) {
                let place = Int(random.next() % UInt64(bytes.count))
                let flip = UInt8(truncatingIfNeeded: 1 << (random.next() % 8))
                altered.append(("byte \(place) with \(flip)", Self.flipped(bytes, at: place, flip)))
            }
            for (what, text) in altered {
                Sweep.tried()
                try Files.write(text, to: file)
                let run = try await root.reconcile("apply", "plan.json")
                #expect(run.status != 0, "\(what): \(run.outputText)")
                #expect(run.errors.contains("plan") || run.errors.contains("file"), "\(what): \(run.errors)")
            }
            #expect(try await root.server.writes() == before)
        }
    }

    private static func flipped(_ bytes: [UInt8], at place: Int, _ flip: UInt8) -> [UInt8] {
        var bytes = bytes
        bytes[place] ^= flip
        return bytes
    }
}
