import Effects
import FuzzProperties
import Testing
import TestSupport

/// What fuzzers found once is tried again, with what they began from.
@Suite struct CorpusTests {
    @Test(.proves(35), .timeLimit(.minutes(2)), arguments: FuzzTarget.allCases)
    func `nothing that fuzzers kept breaks what it is read by`(_ target: FuzzTarget) throws {
        let corpus =
            #filePath.split(separator: "/").dropLast(2).reduce(into: "") { $0 += "/\($1)" }
            + "/Corpus/\(target.rawValue)"
        let names = try #require(Files.names(in: corpus))
        #expect(names.count > 5)
        let folder = try TemporaryFolder()
        for name in names {
            Sweep.tried()
            let bytes = try #require(Files.bytes("\(corpus)/\(name)"))
            let violation = target.violation(by: bytes, in: folder.path)
            #expect(violation == nil, "\(target.rawValue)/\(name)")
        }
    }

    /// At full size and with their time measured, optimized, `scripts/fuzz` tries them.
    @Test(.proves(35), .timeLimit(.minutes(2)), arguments: FuzzTarget.allCases)
    func `what makes careless readers slow breaks none`(_ target: FuzzTarget) throws {
        let folder = try TemporaryFolder()
        for large in target.large {
            Sweep.tried()
            let violation = target.violation(by: large.bytes(16 << 10), in: folder.path)
            #expect(violation == nil, "\(target.rawValue): \(large.name)")
        }
    }
}
