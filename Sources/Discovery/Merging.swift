internal import FleetModel

/// The work of putting a sighting together.
struct Merging {
    let report: PlaceReport
    let scope: SightingScope
    let user: UInt32?
    var candidates: [Candidate] = []
    var unseen: [String] = []
    let processes: [ServerProcess]
    /// The container we run in ourselves, which is none to look behind.
    let ownContainer: String?
    var shownContainers: [Container] = []
    var hidden: [ServerProcess] = []
    /// Socket folders by other names: `/var/run/postgresql` is `/run/postgresql`.
    private let realFolders: [String: String]

    init(_ report: PlaceReport, _ scope: SightingScope) {
        self.report = report
        self.scope = scope
        user = report.first("me")?.value("id").flatMap { UInt32($0) }
        ownContainer = report.first("me")?.values("Cgroup").lazy.compactMap(ServerProcess.container).first
        processes = report.all("process").compactMap(ServerProcess.init)
        realFolders = Dictionary(
            report.all("folder").compactMap { section in
                section.value("real").map { (section.argument, $0) }
            }
        ) { first, _ in first }
    }

    /// Best addresses first, candidates in the order of their addresses.
    var finished: [Candidate] {
        candidates.map { candidate in
            var candidate = candidate
            candidate.addresses.sort {
                ($0.isSocket ? 0 : 1, $0.hops.count, $0.host) < ($1.isSocket ? 0 : 1, $1.hops.count, $1.host)
            }
            return candidate
        }
    }

    mutating func place(_ address: ServerAddress, at index: Int) {
        if !candidates[index].addresses.contains(address) { candidates[index].addresses.append(address) }
    }

    func holder(of inode: UInt64?) -> ServerProcess? {
        guard let inode else { return nil }
        return processes.first { $0.sockets?.contains(inode) == true }
    }

    func candidate(ofProcess id: Int) -> Int? { candidates.firstIndex { $0.processID == id } }

    // MARK: Processes

    mutating func takeProcesses() {
        for process in processes where process.isPostgres {
            if let container = process.container, container != ownContainer {
                if shownContainers.contains(where: { $0.id == container }) { continue }
                var candidate = Candidate(processID: process.id, owner: process.user)
                candidate.obstacle =
                    "process \(process.id) runs in container \(container.prefix(12)), which docker did not show us"
                candidates.append(candidate)
                continue
            }
            if process.sockets == nil {
                hidden.append(process)
                continue
            }
            candidates.append(Candidate(processID: process.id, dataFolder: process.dataFolder, owner: process.user))
        }
    }

    /// Processes of other users, whose sockets we may not see: servers of their own only where there are more of them than
    /// sockets and ports that may be theirs.
    mutating func takeHidden() {
        for (user, processes) in Dictionary(grouping: hidden, by: \.user).sorted(by: { ($0.key ?? 0) < ($1.key ?? 0) })
        {
            let theirs = candidates.count { candidate in
                candidate.processID == nil && candidate.container == nil && candidate.obstacle == nil
                    && (candidate.owner == nil || candidate.owner == user)
            }
            let numbers = processes.map { "\($0.id)" }.joined(separator: ", ")
            unseen.append(
                (processes.count == 1 ? "what process \(numbers) listens on" : "what processes \(numbers) listen on")
                    + ": we may not look into what user \(user.map(String.init) ?? "?") runs"
            )
            guard theirs < processes.count else { continue }
            for process in processes.suffix(processes.count - theirs) {
                candidates.append(Candidate(processID: process.id, dataFolder: process.dataFolder, owner: process.user))
            }
        }
    }

    // MARK: Unix sockets

    mutating func takeSockets() {
        var owners = socketOwners()
        if scope.socketsOnly {
            let wanted = Set(report.all("folder").flatMap { [$0.argument, $0.value("real") ?? $0.argument] })
            owners = owners.filter { UnixSocket(path: $0.key).map { wanted.contains($0.folder) } == true }
        }
        var sockets: [UnixSocket]
        var silent: Set<String> = []
        let inFolders = owners.keys.sorted().compactMap { UnixSocket(path: $0) }
        if let table = report.first("unix"), !table.lines.isEmpty {
            sockets = UnixSocket.listening(table.lines)
            if scope.socketsOnly {
                let wanted = Set(report.all("folder").flatMap { [$0.argument, $0.value("real") ?? $0.argument] })
                sockets.removeAll { !wanted.contains($0.folder) }
            }
            // Left behind by a server that died, or of one in a container that shares the folder with us.
            let live = Set(sockets.map(real))
            let others = inFolders.filter { !live.contains(real($0)) }
            silent = Set(others.map(real))
            sockets += others
        } else {
            // A system that does not list its sockets: what stands in the folders is all there is to go by.
            sockets = inFolders
        }
        // libpq would take what follows a comma for another host.
        for socket in sockets where socket.folder.contains(",") {
            unseen.append("\(socket.path): a folder with a comma cannot be named to libpq")
        }
        sockets.removeAll { $0.folder.contains(",") }
        var seen: Set<String> = []
        for socket in sockets.sorted(by: { $0.path < $1.path }) where seen.insert(real(socket)).inserted {
            let address = ServerAddress(hops: scope.hops, host: socket.folder, port: socket.port)
            if let process = holder(of: socket.inode), let index = candidate(ofProcess: process.id) {
                place(address, at: index)
            } else {
                let owner = owners[socket.path] ?? owners[real(socket)]
                let isCertain = !silent.contains(real(socket))
                candidates.append(Candidate(addresses: [address], owner: owner, isCertain: isCertain))
            }
        }
        for section in report.all("folder") where section.value("state") == "unreadable" {
            unseen.append("\(section.argument): no permission to list it")
        }
        if scope.socketsOnly {
            for section in report.all("folder") where section.value("state") == "missing" {
                unseen.append("\(section.argument): there is no such folder")
            }
        }
    }

    private func real(_ socket: UnixSocket) -> String {
        "\(realFolders[socket.folder] ?? socket.folder)/.s.PGSQL.\(socket.port)"
    }

    /// From `ls -ln`: who owns each socket's file.
    private func socketOwners() -> [String: UInt32] {
        var owners: [String: UInt32] = [:]
        for line in report.first("sockets")?.lines ?? [] where line.hasPrefix("s") {
            let words = line.split(separator: " ", maxSplits: 4, omittingEmptySubsequences: true)
            guard words.count == 5, let owner = UInt32(words[2]), let start = words[4].firstRange(of: " /") else {
                continue
            }
            let path = String(words[4][words[4].index(after: start.lowerBound)...])
            if UnixSocket(path: path) != nil { owners[path] = owner }
        }
        return owners
    }
}
