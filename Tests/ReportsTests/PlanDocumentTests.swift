import FleetFixtures
import FleetModel
import Planning
import Reports
import Testing

@Suite struct PlanDocumentTests {
    private let plan = PlanTextTests.estate

    @Test func `a plan is read as it was written`() throws {
        #expect(try Plan(reading: PlanDocument(plan).bytes) == plan)
        #expect(try Plan(reading: PlanDocument(PlanTextTests.refusals).bytes) == PlanTextTests.refusals)
    }

    @Test func `the same fleet gives the same bytes`() {
        #expect(PlanDocument(plan).bytes == PlanDocument(PlanTextTests.estate).bytes)
    }

    @Test func `any byte that was changed is found`() throws {
        var small = plan
        small.environments = [PlanTextTests.converged.environments[0]]
        small.environments[0].steps = [Step(id: "s1", kind: .dropDatabase, summary: "drop it", hazards: [.dataLoss])]
        let bytes = PlanDocument(small).bytes
        for index in bytes.indices {
            for flip in [0x01, 0x20, 0x80] as [UInt8] {
                var altered = bytes
                altered[index] ^= flip
                #expect(throws: PlanDocumentError.self, "byte \(index) with \(flip)") { try Plan(reading: altered) }
            }
        }
    }

    @Test func `anything added, left out or cut off is found`() throws {
        let bytes = PlanDocument(plan).bytes
        let cut = Array(bytes.dropLast())
        let half = Array(bytes.prefix(bytes.count / 2))
        for altered: [UInt8] in [bytes + [0x0A], [0x20] + bytes, cut, half, [], [0x7B]] {
            #expect(throws: PlanDocumentError.self) { try Plan(reading: altered) }
        }
    }

    @Test func `another order of keys is found though the digest is right`() throws {
        guard case .object(let members) = PlanDocument(plan).json else { return }
        let text = "{" + members.map { "\"\($0.key)\":\($0.value.text)" }.joined(separator: ",") + "}"
        #expect(throws: PlanDocumentError.notCanonical) { try Plan(reading: Array(text.utf8)) }
    }

    @Test func `a key that this program does not know is found though the digest is right`() throws {
        guard case .object(let members) = PlanDocument(plan).json.removing(["digest"]) else { return }
        var altered = members + [JSONValue.Member("zeal", true)]
        altered.append(.init("digest", .string(Fingerprint(of: JSONValue.object(altered).canonical).hex)))
        // `removing` also takes migrations' digests of that very name, of which there are none.
        #expect(throws: PlanDocumentError.notCanonical) { try Plan(reading: JSONValue.object(altered).canonical) }
    }

    @Test func `a plan of another format is not read`() throws {
        let text = #"{"format_version":"2.0"}"#
        #expect(throws: PlanDocumentError.unsupportedVersion("2.0")) { try Plan(reading: Array(text.utf8)) }
    }

    @Test func `when and how large do not change what a plan would do`() {
        var later = plan
        later.createdAt += 3600
        for index in later.environments[0].databases.indices {
            later.environments[0].databases[index].sizeBytes = 1
            later.environments[0].databases[index].lastChange = nil
        }
        #expect(PlanDocument(later).contentDigest == PlanDocument(plan).contentDigest)
        #expect(PlanDocument(later).bytes != PlanDocument(plan).bytes)
        later.environments[0].databases[0].oid = 1
        #expect(PlanDocument(later).contentDigest != PlanDocument(plan).contentDigest)
    }

    @Test func `a line that moved changes nothing of what a plan would do`() {
        var moved = plan
        moved.environments[0].location?.line += 1
        moved.environments[0].findings[0].location = FilePosition(file: "environments/renamed.yaml", line: 7, column: 1)
        #expect(PlanDocument(moved).contentDigest == PlanDocument(plan).contentDigest)
        #expect(PlanDocument(moved).bytes != PlanDocument(plan).bytes)
        moved.environments[0].findings[0].message += "!"
        #expect(PlanDocument(moved).contentDigest != PlanDocument(plan).contentDigest)
    }

    @Test func `an inventory is the same document without what is to be done`() {
        let json = PlanDocument(inventory: plan).json
        guard case .array(let environments)? = json["environments"], case .object(let members)? = environments.first
        else {
            Issue.record("no environments")
            return
        }
        #expect(
            Set(members.map(\.key)) == ["name", "role", "instances", "databases", "findings", "summary", "location"]
        )
    }

    @Test func `names of any kind survive a plan file`() throws {
        for name in Hostile.names {
            var plan = plan
            plan.environments[0].databases[0].name = name
            plan.environments[0].cohorts[0].databases = [name]
            plan.environments[0].cohorts[0].steps[0].migrationDigests[name] = "x"
            let read = try Plan(reading: PlanDocument(plan).bytes)
            #expect(read == plan)
            #expect(read.environments[0].databases[0].name.utf8.elementsEqual(name.utf8))
        }
    }
}
