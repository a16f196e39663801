internal import FleetModel

extension Merging {
    // MARK: Ports

    mutating func takePorts() {
        let lines = (report.first("tcp")?.lines ?? []) + (report.first("tcp6")?.lines ?? [])
        let listeners = TCPListener.listening(lines)
        if lines.isEmpty { unseen.append("TCP ports: the system does not list who listens") }
        var leftOut: Set<Int> = []
        for listener in listeners {
            let address = ServerAddress(hops: scope.hops, host: listener.host, port: listener.port)
            if !mayPublish(listener) { retract(address) }
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
        guard mayPublish(listener) else { return nil }
        return candidates.firstIndex { candidate in
            candidate.container?.published.contains { published in
                published.hostPort == listener.port
                    && ["", "0.0.0.0", "::", listener.address].contains(published.host)
                    && published.port == candidate.container?.port
            } == true
        }
    }

    /// Docker runs as root, or as ourselves: whoever else listens on a port that a container publishes is not it.
    private func mayPublish(_ listener: TCPListener) -> Bool { listener.user == 0 || listener.user == user }

    private mutating func retract(_ address: ServerAddress) {
        for index in candidates.indices where candidates[index].container != nil {
            candidates[index].addresses.removeAll { $0.hops == address.hops && $0.port == address.port }
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
