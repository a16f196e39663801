import Applying
import Effects
import Glibc
import Servers
import Testing
import TestSupport

/// Disks that fill up or fail under a whole run that backs up, proves, and only then destroys.
@Suite(.serialized) struct DiskSweepTests {
    private static let scenario = "production-loses-a-column"

    @Test(.proves(14, 18, 36), .timeLimit(.minutes(240)))
    func `a disk that is full or fails at any call costs nothing, and the next run is clean`() async throws {
        guard let faults = try await DiskFaults.make() else {
            return Proves.skip(18, because: "there is no C compiler here")
        }
        let template = try await SweepTemplate.make(Self.scenario)
        let calls = try await Self.calls(template, faults)
        try #require(calls.count > 20, "\(calls)")
        for kind in ["mkdir", "create", "write", "fsync", "rename"] {
            try #require(calls.contains { $0.hasPrefix(kind) }, "no \(kind) among \(calls)")
        }
        let places = (1...calls.count).flatMap { number in
            [
                DiskFaults.Fault(error: ENOSPC, number: number, lasts: true),
                DiskFaults.Fault(error: EIO, number: number),
            ]
        }
        try await Sweep.tryEach(Sweep.pick(places, quick: 1, sample: 3)) { fault in
            try await Self.check(fault, template, faults, near: calls[fault.number - 1])
        }
    }

    @Test(.proves(14, 15, 18), .timeLimit(.minutes(60)))
    func `a disk that cannot be read stops what rests on it`() async throws {
        guard Sweep.current != .quick else { return }
        guard let faults = try await DiskFaults.make() else {
            return Proves.skip(18, because: "there is no C compiler here")
        }
        let template = try await SweepTemplate.make(Self.scenario)
        let reads = try await Self.calls(template, faults, reads: true).enumerated()
            .filter { $0.element.hasPrefix("read") && $0.element.contains("/backups/") }
        try #require(!reads.isEmpty)
        let places = Sweep.pick(reads.map { ($0.offset + 1, $0.element) }, quick: 0, sample: 1)
        try await Sweep.tryEach(places) { number, call in
            let fault = DiskFaults.Fault(error: EIO, number: number)
            try await Self.check(fault, template, faults, reads: true, near: call)
        }
    }

    @Test(.proves(14, 18), .timeLimit(.minutes(120)))
    func `a disk that fills up under the server that proves a backup stops the work`() async throws {
        guard Sweep.current != .quick else { return }
        guard let faults = try await DiskFaults.make() else {
            return Proves.skip(18, because: "there is no C compiler here")
        }
        let template = try await SweepTemplate.make(Self.scenario)
        let count = try await template.with { root in
            Self.letIn(root)
            let watch = try faults.watch(below: [Self.bench(root)])
            let run = try await root.reconcile("apply", "here", "--auto-approve", environment: watch.environment)
            try #require(run.status == 0, "\(run.errors)")
            return watch.calls.count
        }
        try #require(count > 100)
        let places = (0..<40).map { DiskFaults.Fault(error: ENOSPC, number: 1 + $0 * count / 40, lasts: true) }
        try await Sweep.tryEach(Sweep.pick(Array(places.reversed()), quick: 0, sample: 1)) { fault in
            try await Self.check(fault, template, faults, bench: true, near: "in the bench's server")
        }
    }

    @Test(.proves(14, 18, 36), .enabled(if: geteuid() == 0), .timeLimit(.minutes(10)))
    func `a backup folder of 2 MB is found too small before anything is written`() async throws {
        guard Sweep.current != .quick else { return }
        let template = try await SweepTemplate.make(Self.scenario)
        try await template.with(settings: ["log_statement": "all", "log_min_messages": "log"]) { root in
            let checks = BackupChecks(root: root)
            let disk = checks.directory
            _ = try await Command("/bin/mkdir", ["-p", disk]).run()
            guard mount("tmpfs", disk, "tmpfs", 0, "size=2m,mode=0700") == 0 else {
                return Proves.skip(18, because: "no file system can be mounted here")
            }
            let run = try await root.reconcile("apply", "here", "--auto-approve")
            #expect(run.status == 1 && run.errors.contains("not enough space"), "\(run.status) \(run.errors)")
            #expect(!checks.destroys)
            try checks.check(.ended, "on 2 MB")
            umount2(disk, CInt(MNT_DETACH))
            try await template.complete(root, "on 2 MB")
        }
    }

    @Test(.proves(18), .timeLimit(.minutes(5)))
    func `a result that could not be written is no success`() async throws {
        let folder = try TemporaryFolder()
        let run = try await Command(
            "/bin/sh",
            ["-c", "\"$RECONCILE\" schema class >/dev/full; echo $?; \"$RECONCILE\" schema class | :"],
            environment: TestPrograms.environment(home: folder.path),
            folder: folder.path,
            timeLimit: .seconds(120)
        ).run()
        #expect(run.outputText == "1\n" && run.status == 0)
        #expect(run.errors.contains("the result could not be written: No space left on device"), "\(run.errors)")
    }

    /// What a whole run does below the root and to the files it gives to PostgreSQL's programs.
    private static func calls(
        _ template: SweepTemplate,
        _ faults: DiskFaults,
        reads: Bool = false
    ) async throws -> [String] {
        try await template.with { root in
            let watch = try faults.watch(below: below(root), sparing: "/.scratch/", reads: reads)
            let run = try await root.reconcile("apply", "here", "--auto-approve", environment: watch.environment)
            try #require(run.status == 0, "\(run.errors)")
            try BackupChecks(root: root).check(.ended, "nothing failed")
            return watch.calls
        }
    }

    private static func below(_ root: ScenarioRoot) -> [String] {
        ["\(root.folder.path)/.reconcile", "/dev/shm/rcl-access-", "/tmp/rcl-access-"]
    }

    /// Else PostgreSQL's user cannot reach the folder of backups, and its server is elsewhere.
    private static func letIn(_ root: ScenarioRoot) { chmod(root.folder.path, 0o711) }

    private static func bench(_ root: ScenarioRoot) -> String { "\(root.folder.path)/.reconcile/backups/.scratch/" }

    private static func check(
        _ fault: DiskFaults.Fault,
        _ template: SweepTemplate,
        _ faults: DiskFaults,
        reads: Bool = false,
        bench: Bool = false,
        near call: String
    ) async throws {
        try await template.with(settings: ["log_statement": "all", "log_min_messages": "log"]) { root in
            let what = "\(fault), about \(call.replacing(root.folder.path, with: ""))"
            let checks = BackupChecks(root: root)
            if bench { letIn(root) }
            let watch = try faults.watch(
                below: bench ? [Self.bench(root)] : below(root),
                sparing: bench ? "" : "/.scratch/",
                fault,
                reads: reads
            )
            let run = try await root.reconcile("apply", "here", "--auto-approve", environment: watch.environment)
            #expect(run.status == 0 || run.status == 1, "\(what): it ended with \(run.status): \(run.errors)")
            if run.status == 1 { #expect(!run.errors.isEmpty, "\(what): it does not say why") }
            try checks.check(.ended, "\(what)\n\(run.errors)")
            try await checks.checkRows(what)
            try await template.complete(root, "\(what)\nit said: \(run.errors)")
            try checks.check(.cleared, "\(what), after the next run")
        }
    }
}
