import Applying
import Effects
import Glibc
import Servers
import Testing
import TestSupport

/// What is left of a backup when the run that takes it is killed, and how it is put on the disk when it is not.
@Suite(.serialized) struct BackupKillTests {
    private static let scenario = "production-loses-a-column"

    @Test(.proves(17), .timeLimit(.minutes(60)))
    func `a run killed while it backs up leaves only what the next one clears`() async throws {
        guard Sweep.current != .quick else { return }
        guard let faults = try await DiskFaults.make() else {
            return Proves.skip(17, because: "there is no C compiler here")
        }
        let template = try await SweepTemplate.make(Self.scenario)
        @Sendable func watch(_ root: ScenarioRoot, _ fault: DiskFaults.Fault?) throws -> DiskFaults.Watch {
            try faults.watch(below: ["\(root.folder.path)/.reconcile/backups"], sparing: "/.scratch", fault)
        }
        let calls = try await template.with { root in
            let watch = try watch(root, nil)
            let run = try await root.reconcile("apply", "here", "--auto-approve", environment: watch.environment)
            try #require(run.status == 0, "\(run.errors)")
            return watch.calls
        }
        // The archive has its name, and its receipt not yet: there first.
        let named = try #require(calls.firstIndex { $0.hasPrefix("rename") && $0.hasSuffix("hub.json") }) + 1
        let numbers = [named] + (1...calls.count).filter { $0 != named }
        try await Sweep.tryEach(Sweep.pick(numbers, quick: 0, sample: 3)) { number in
            try await template.with { root in
                let what = "killed before \(calls[number - 1].replacing(root.folder.path, with: "")), call \(number)"
                let watch = try watch(root, DiskFaults.Fault(error: 0, number: number))
                let run = try await root.reconcile("apply", "here", "--auto-approve", environment: watch.environment)
                #expect(run.status == 137, "\(what): \(run.status) \(run.errors)")
                let checks = BackupChecks(root: root)
                try checks.check(.killed, what)
                try await checks.checkRows(what)
                try await template.complete(root, what)
                try checks.check(.cleared, "\(what), after the next run")
            }
        }
    }

    @Test(.proves(17), .timeLimit(.minutes(10)))
    func `archive and receipt are on the disk before they have their names, and are their owner's alone`()
        async throws
    {
        guard Sweep.current != .quick else { return }
        let trace = try await Command("/bin/sh", ["-c", "strace -o /dev/null true"]).run()
        guard trace.status == 0 else { return Proves.skip(17, because: "strace cannot be used here: \(trace.errors)") }
        let template = try await SweepTemplate.make(Self.scenario)
        try await template.with { root in
            let line = """
                umask 000; exec strace -f -y -s 4096 -o calls -e trace=fsync,fdatasync,rename,renameat,renameat2 \
                "$RECONCILE" apply here --auto-approve
                """
            let run = try await root.run("/bin/sh", ["-c", line])
            #expect(run.status == 0, "\(run.errors)")
            let backup = try #require(try BackupChecks(root: root).check(.ended, "under strace").first)
            let calls = (Files.text("\(root.folder.path)/calls") ?? "").split(separator: "\n")
            let folder = String(backup.path.dropLast("/hub.json".count))
            func first(_ call: String, _ words: String, after: Int = -1) -> Int? {
                calls.indices.first { $0 > after && calls[$0].contains(" \(call)") && calls[$0].contains(words) }
            }
            for path in [backup.archivePath, backup.path] {
                let written = try #require(first("fsync(", "<\(path)."), "no fsync of \(path)")
                let named = try #require(first("rename", ", \"\(path)\""), "no rename to \(path)")
                #expect(written < named, "\(path) had its name before it was on the disk")
                #expect(first("fsync(", "<\(folder)>", after: named) != nil, "\(path)'s name was not put on the disk")
            }
            // The receipt's name is the last: where it is, the archive's is on the disk.
            let archive = try #require(first("rename", ", \"\(backup.archivePath)\""))
            let receipt = try #require(first("rename", ", \"\(backup.path)\""))
            let folders = try #require(first("fsync(", "<\(folder)>", after: archive))
            #expect(archive < folders && folders < receipt)
            let open = try await Command("/usr/bin/find", ["\(root.folder.path)/.reconcile", "-perm", "/077"]).run()
            #expect(open.outputText.isEmpty, "others may use \(open.outputText)")
        }
    }
}
