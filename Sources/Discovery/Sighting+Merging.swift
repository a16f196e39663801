package import FleetModel

/// What a place is asked about, and whatever of it is left out.
package struct SightingScope: Sendable, Hashable {
    /// The hops that lead to the place.
    package var hops: [Hop]
    /// Only sockets in the folders that were asked for; no ports, no containers.
    package var socketsOnly: Bool

    package init(hops: [Hop] = [], socketsOnly: Bool = false) {
        self.hops = hops
        self.socketsOnly = socketsOnly
    }
}

extension Sighting {
    /// Ports on which PostgreSQL is so usual that one may ask whoever listens there.
    package static let usualPorts = 5432...5442

    /// Puts what a place told together: one candidate for each server, however many addresses there are to it.
    ///
    /// - Parameters:
    ///   - system: of sockets, ports, processes and clusters.
    ///   - containers: of containers; nil where nobody asked.
    ///   - scope: where the place is, and what was not asked.
    package init(system: PlaceReport, containers: PlaceReport?, scope: SightingScope) {
        var merging = Merging(system, scope)
        user = merging.user
        userName = system.first("me")?.value("name")
        postgresUser = system.first("postgres")?.lines.first.flatMap { UInt32($0) }
        if !scope.socketsOnly {
            if let containers { merging.take(containers: containers) }
            merging.takeProcesses()
        }
        merging.takeSockets()
        if !scope.socketsOnly {
            merging.takePorts()
            merging.takeHidden()
            merging.takeClusters()
        }
        candidates = merging.finished
        unseen = merging.unseen
    }
}

/// The work of putting a sighting together.
private struct Merging {
    let report: PlaceReport
    let scope: SightingScope
    let user: UInt32?
    var candidates: [Candidate] = []
    var unseen: [String] = []
    private let processes: [ServerProcess]
    /// The container we run in ourselves, which is none to look behind.
    private let ownContainer: String?
    private var shownContainers: [Container] = []
    private var hidden: [ServerProcess] = []
    /// Socket folders by other names: `/var/run/postgresql` is `/run/postgresql`.
    private let realFolders: [String: String]

    init(_ report: PlaceReport, _ scope: SightingScope) {
        self.report = report
        self.scope = scope
        user = report.first("me")?.value("id").flatMap { UInt32($0) }
        ownContainer = report.first("me")?.value("Cgroup").flatMap(ServerProcess.container)
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

    private mutating func place(_ address: ServerAddress, at index: Int) {
        if !candidates[index].addresses.contains(address) { candidates[index].addresses.append(address) }
    }

    private func holder(of inode: UInt64?) -> ServerProcess? {
        guard let inode else { return nil }
        return processes.first { $0.sockets?.contains(inode) == true }
    }

    private func candidate(ofProcess id: Int) -> Int? { candidates.firstIndex { $0.processID == id } }

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
        if let table = report.first("unix"), !table.lines.isEmpty {
            sockets = UnixSocket.listening(table.lines)
            if scope.socketsOnly {
                let wanted = Set(report.all("folder").flatMap { [$0.argument, $0.value("real") ?? $0.argument] })
                sockets.removeAll { !wanted.contains($0.folder) }
            }
            let live = Set(sockets.map(real))
            for path in owners.keys.sorted() {
                guard let socket = UnixSocket(path: path), !live.contains(real(socket)) else { continue }
                unseen.append("\(path): nobody listens there; a server that died may have left it")
            }
        } else {
            // A system that does not list its sockets: what stands in the folders is all there is to go by.
            sockets = owners.keys.sorted().compactMap { UnixSocket(path: $0) }
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
                candidates.append(Candidate(addresses: [address], owner: owner))
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

    // MARK: Ports

    mutating func takePorts() {
        let lines = (report.first("tcp")?.lines ?? []) + (report.first("tcp6")?.lines ?? [])
        let listeners = TCPListener.listening(lines)
        if lines.isEmpty { unseen.append("TCP ports: the system does not list who listens") }
        var leftOut: Set<Int> = []
        for listener in listeners {
            let address = ServerAddress(hops: scope.hops, host: listener.host, port: listener.port)
            if let index = owner(of: listener) {
                // A second address of the same port tells nothing new.
                let known = candidates[index].addresses.firstIndex {
                    !$0.isSocket && $0.port == address.port && $0.hops == address.hops
                }
                if let known {
                    if address.host == "127.0.0.1" { candidates[index].addresses[known] = address }
                } else {
                    place(address, at: index)
                }
            } else if Sighting.usualPorts.contains(listener.port) {
                if let index = candidates.firstIndex(where: {
                    !$0.isCertain && $0.addresses.first?.port == listener.port
                }) {
                    if address.host == "127.0.0.1" { candidates[index].addresses = [address] }
                } else {
                    candidates.append(Candidate(addresses: [address], owner: listener.user, isCertain: false))
                }
            } else {
                leftOut.insert(listener.port)
            }
        }
        if !leftOut.isEmpty {
            let ports = leftOut.sorted().map(String.init)
            let shown =
                ports.prefix(12).joined(separator: ", ") + (ports.count > 12 ? " and \(ports.count - 12) more" : "")
            unseen.append("TCP ports that look like something else and were not asked: \(shown)")
        }
    }

    /// The candidate that a port belongs to: a process of PostgreSQL's, or a container that publishes it.
    private func owner(of listener: TCPListener) -> Int? {
        if let process = holder(of: listener.inode), let index = candidate(ofProcess: process.id) { return index }
        return candidates.firstIndex { candidate in
            candidate.container?.published.contains { published in
                published.hostPort == listener.port
                    && ["", "0.0.0.0", "::", listener.address].contains(published.host)
                    && published.port == candidate.container?.port
            } == true
        }
    }

    // MARK: Clusters

    mutating func takeClusters() {
        for cluster in Cluster.parse(report.first("clusters")?.lines ?? []) {
            let index = candidates.firstIndex { candidate in
                candidate.dataFolder == cluster.dataFolder
                    || candidate.addresses.contains {
                        // Where Debian's packages have their sockets.
                        ["/var/run/postgresql", "/run/postgresql"].contains($0.host) && $0.port == cluster.port
                    }
            }
            if let index, cluster.isUp {
                candidates[index].cluster = cluster.label
                candidates[index].dataFolder = candidates[index].dataFolder ?? cluster.dataFolder
            } else if cluster.isUp {
                let address = ServerAddress(hops: scope.hops, host: "/var/run/postgresql", port: cluster.port)
                candidates.append(
                    Candidate(addresses: [address], dataFolder: cluster.dataFolder, cluster: cluster.label)
                )
            } else {
                var candidate = Candidate(dataFolder: cluster.dataFolder, cluster: cluster.label)
                candidate.addresses = [ServerAddress(hops: scope.hops, host: "/var/run/postgresql", port: cluster.port)]
                candidate.obstacle = "cluster \(cluster.label) is \(cluster.status) (data in \(cluster.dataFolder))"
                candidates.append(candidate)
            }
        }
    }

    // MARK: Containers

    mutating func take(containers report: PlaceReport) {
        guard let section = report.first("containers") else { return }
        guard section.argument == "0" else {
            // 127: there is no docker here, and nothing to say about it.
            if section.argument != "127" {
                let said = section.lines.first { !$0.hasPrefix("WARNING") }
                unseen.append("containers: \(said ?? "docker ended with \(section.argument)")")
            }
            return
        }
        let all = Container.parse(section.lines, details: report.first("details")?.lines ?? [])
        shownContainers = all
        for container in all {
            let process = processes.first { $0.isPostgres && $0.container == container.id }
            guard process != nil || container.mayHoldPostgres else { continue }
            var candidate = Candidate(processID: process?.id, container: container, isCertain: process != nil)
            candidate.owner = 0
            if container.isRunning {
                candidate.addresses = container.published.filter { $0.port == container.port }.prefix(1).map {
                    published in
                    let host = ["", "0.0.0.0", "::"].contains(published.host) ? "127.0.0.1" : published.host
                    return ServerAddress(hops: scope.hops, host: host, port: published.hostPort)
                }
            } else {
                candidate.obstacle = "container \(container.name) is \(container.state) (\(container.status))"
            }
            candidate.addresses.append(
                ServerAddress(
                    hops: scope.hops + [.docker(container: container.name)],
                    host: "127.0.0.1",
                    port: container.port
                )
            )
            candidates.append(candidate)
        }
    }
}
