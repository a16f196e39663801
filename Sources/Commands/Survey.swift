internal import Applying
internal import ArgumentParser
internal import Effects
internal import FleetModel
internal import Glibc
internal import Planning
internal import Reports
internal import Servers

/// The clock and the repository, as far as a plan names them.
enum Surroundings {
    /// Seconds since 1970; `SOURCE_DATE_EPOCH` fixes it, so that the same input gives the same bytes.
    static var now: Int64 {
        ProcessEnvironment.value("SOURCE_DATE_EPOCH").flatMap { Int64($0) } ?? Int64(time(nil))
    }

    /// The commit that is checked out, read from the repository's own files: running git would run what it configures.
    static func gitCommit(from root: String) -> String? {
        var folder = root
        while true {
            let git = folder + "/.git"
            if let head = textOfFile(git + "/HEAD")?.firstLine {
                guard head.hasPrefix("ref: ") else { return head.isCommit ? head : nil }
                let reference = String(head.dropFirst(5))
                if let commit = textOfFile("\(git)/\(reference)")?.firstLine, commit.isCommit { return commit }
                let packed = textOfFile("\(git)/packed-refs")?.split(separator: "\n").first {
                    $0.hasSuffix(" " + reference)
                }
                return packed.map { String($0.prefix(40)) }.flatMap { $0.isCommit ? $0 : nil }
            }
            guard let slash = folder.lastIndex(of: "/"), slash != folder.startIndex else { return nil }
            folder = String(folder[..<slash])
        }
    }
}

extension Surroundings {
    /// A folder within the repository that holds it, ending in a slash; empty where it is its top, or in none.
    static func folderInRepository(of root: String) -> String {
        guard let resolved = realpath(root, nil) else { return "" }
        defer { free(resolved) }
        let path = String(cString: resolved)
        var folder = path
        while !folder.isEmpty {
            if access(folder + "/.git", F_OK) == 0 {
                let inside = path.dropFirst(folder.count).drop { $0 == "/" }
                return inside.isEmpty ? "" : inside + "/"
            }
            folder = folder.lastIndex(of: "/").map { String(folder[..<$0]) } ?? ""
        }
        return ""
    }
}

extension String {
    fileprivate var firstLine: String? { split(separator: "\n").first.map(String.init) }
    fileprivate var isCommit: Bool {
        utf8.count == 40 && utf8.allSatisfy { ($0 >= 48 && $0 <= 57) || ($0 >= 97 && $0 <= 102) }
    }
}

extension Plan {
    init(_ environments: [EnvironmentPlan], root: String) {
        self.init(
            toolVersion: ToolVersion.current,
            createdAt: Surroundings.now,
            gitCommit: Surroundings.gitCommit(from: root),
            environments: environments
        )
    }
}

extension EnvironmentPlan {
    /// What a pipeline is told: 3 beats 2, and an unreachable instance beats both.
    var detailedStatus: ExitStatus {
        var statuses: [ExitStatus] = [.done]
        // Nothing is owed where only a check fails, and yet nobody may call it done.
        if hasUnreachable || findings.contains(where: { $0.code == .checkFailed }) { statuses.append(.failed) }
        // Nor where a claimed database, or what the code expects, could not be judged at all.
        let isUnknown = databases.contains { $0.className != nil && $0.status == .unknown }
        if isUnknown || findings.contains(where: { $0.code == .notInspected && $0.severity == .error }) {
            statuses.append(.failed)
        }
        if !refused.isEmpty { statuses.append(.refused) }
        if owesChanges { statuses.append(.owed) }
        return .gravest(statuses)
    }
}
