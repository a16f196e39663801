internal import Effects
package import FleetModel

/// The ways over hops that a run has opened: each is opened once and shared by all who need it.
///
/// Nothing of them outlives the run: `close` ends them, and where the process is killed, what it started notices.
package actor Routes {
    private var folder: Task<Result<HopFolder, FolderFailure>, Never>?
    private var links: [[Hop]: Task<Result<Link, HopError>, Never>] = [:]
    private var relays: [[Hop]: Task<Result<Relay, HopError>, Never>] = [:]
    private var ways: [Way.Key: Task<Result<Way, HopError>, Never>] = [:]
    /// In the order they were made: a later one may go over an earlier one.
    private var connections: [SSHConnections] = []
    private var isClosed = false

    private let environment: [String: String]

    /// - Parameter environment: of programs that start on this machine, `docker` among them.
    package init(environment: [String: String] = ProcessEnvironment.withoutPostgres) {
        self.environment = environment
    }

    /// Gives `body` routes and closes them when it has ended, in whatever way.
    package static func with<Value: Sendable>(
        isolation: isolated (any Actor)? = #isolation,
        _ body: (Routes) async throws -> Value
    ) async throws -> Value {
        let routes = Routes()
        do {
            let value = try await body(routes)
            await routes.close()
            return value
        } catch {
            await routes.close()
            throw error
        }
    }

    /// Where programs behind these hops run.
    package func place(behind hops: [Hop]) async throws(HopError) -> Place {
        Place(try await link(behind: hops))
    }

    /// The local end of a way to a server, for libpq to connect to; nil where it connects directly.
    ///
    /// - Parameters:
    ///   - hops: the way, outermost first.
    ///   - connection: the keywords that say where the server listens, as seen from behind the last hop.
    /// - Returns: the way, open until the routes are closed.
    /// - Throws: `HopError`. That the server answers is not said by this.
    func way(
        behind hops: [Hop],
        to connection: [(keyword: String, value: String)]
    ) async throws(HopError) -> Way? {
        guard let last = hops.last else { return nil }
        let key = try Way.Key(hops: hops, connection, last)
        if ways[key] == nil {
            ways[key] = Task.detached { [self] in
                do throws(HopError) {
                    return .success(try await open(key))
                } catch {
                    return .failure(error)
                }
            }
        }
        switch await ways[key]?.value {
        case .success(let way): return way
        case .failure(let error):
            ways[key] = nil
            throw error
        case nil: throw HopError(hop: last, reason: "closed")
        }
    }

    /// Closes every way; nothing of them is left on this machine or behind the hops.
    ///
    /// A cancelled task closes them as thoroughly as any.
    package func close() async {
        isClosed = true
        let (ways, connections, folder) = (ways.values, connections, folder)
        let tasks = (Array(links.values), Array(relays.values))
        self.ways = [:]
        self.connections = []
        self.folder = nil
        await Task.detached {
            for task in ways { if case .success(let way) = await task.value { await way.close() } }
            for connection in connections.reversed() { await connection.close() }
            for task in tasks.0 { _ = await task.value }
            for task in tasks.1 { _ = await task.value }
            if case .success(let folder) = await folder?.value { await folder.close() }
        }.value
    }

    private func link(behind hops: [Hop]) async throws(HopError) -> Link {
        guard let last = hops.last else { return .here(environment) }
        guard !isClosed else { throw HopError(hop: last, reason: "closed") }
        if links[hops] == nil {
            links[hops] = Task.detached { [self] in
                do throws(HopError) {
                    return .success(try await extend(try await link(behind: hops.dropLast()), by: last))
                } catch {
                    return .failure(error)
                }
            }
        }
        switch await links[hops]?.value {
        case .success(let link): return link
        case .failure(let error):
            links[hops] = nil
            throw error
        case nil: throw HopError(hop: last, reason: "closed")
        }
    }

    private func link(behind hops: ArraySlice<Hop>) async throws(HopError) -> Link {
        try await link(behind: Array(hops))
    }

    private func extend(_ link: Link, by hop: Hop) async throws(HopError) -> Link {
        let hops = link.hops + [hop]
        switch hop {
        case .ssh(let ssh):
            let folder = try await masterFolder(hop)
            let relay = try await relay(of: link)
            let index = connections.count
            let made = SSHConnections(hop) { number throws(HopError) in
                let (proxy, lease) = try await link.proxy(by: relay)
                return try await SSHMaster.open(
                    ssh,
                    proxy: proxy,
                    lease: lease,
                    base: "\(folder)/\(index)-\(number)",
                    timeLimit: .seconds(20 * hops.count)
                )
            }
            connections.append(made)
            _ = try await made.master()
            return Link(hops: hops, carrier: made, prefix: [], environment: environment)
        case .docker(let container):
            let words = try await Containers.docker(container, of: link, hop)
            return link.extended(by: hop, words)
        case .kubectl(let pod):
            let words = try await Containers.kubectl(pod, of: link, hop)
            return link.extended(by: hop, words)
        }
    }

    /// What makes connections behind a link; nil where ssh does.
    private func relay(of link: Link) async throws(HopError) -> Relay? {
        guard let last = link.hops.last, !link.dialsByItself else { return nil }
        if relays[link.hops] == nil {
            relays[link.hops] = Task.detached {
                do throws(HopError) {
                    let result = try await link.run(Relay.question, timeLimit: .seconds(30))
                    let name = result.outputText.split(whereSeparator: \.isWhitespace).last.map(String.init)
                    guard result.status == 0, let name else { throw Containers.failure(last, result) }
                    guard let relay = Relay(rawValue: name) else {
                        let programs = Relay.allCases.map(\.rawValue).joined(separator: ", ")
                        throw HopError(
                            hop: last,
                            reason: "none of \(programs) is there to make a connection with: install one of them"
                        )
                    }
                    return .success(relay)
                } catch {
                    return .failure(error)
                }
            }
        }
        switch await relays[link.hops]?.value {
        case .success(let relay): return relay
        case .failure(let error):
            relays[link.hops] = nil
            throw error
        case nil: return nil
        }
    }

    private func open(_ key: Way.Key) async throws(HopError) -> Way {
        let link = try await link(behind: key.hops)
        let relay = try await relay(of: link)
        let last = key.hops[key.hops.count - 1]
        let folder = try await folder(last)
        var ends: [any LocalEnd] = []
        do throws(HopError) {
            for endpoint in key.endpoints {
                if let relay, case .socket = endpoint, !relay.reachesSockets {
                    throw HopError(
                        hop: last,
                        reason: "\(relay) is all there is there, and it reaches ports only: give a host"
                    )
                }
                wayCount += 1
                let name = "w\(wayCount)"
                if link.dialsByItself, !key.isEncrypted {
                    ends.append(try await ForwardedSocket.open(link, endpoint, folder, name))
                } else {
                    ends.append(try RelayedSocket.open(link, endpoint, by: relay, key.isEncrypted, folder, name))
                }
            }
            guard !isClosed else { throw HopError(hop: last, reason: "closed") }
            return Way(key, ends, at: Place(link))
        } catch {
            for end in ends { await end.close() }
            throw error
        }
    }

    private var wayCount = 0
    private var folderOfMasters: String?

    private func folder(_ hop: Hop) async throws(HopError) -> HopFolder {
        guard !isClosed else { throw HopError(hop: hop, reason: "closed") }
        let task =
            folder
            ?? Task.detached {
                do throws(FolderFailure) { return .success(try await HopFolder.make()) } catch {
                    return .failure(error)
                }
            }
        folder = task
        do throws(FolderFailure) { return try await task.value.get() } catch {
            throw HopError(hop: hop, reason: error.reason)
        }
    }

    private func masterFolder(_ hop: Hop) async throws(HopError) -> String {
        let folder = try await folder(hop)
        if let folderOfMasters { return folderOfMasters }
        do throws(FolderFailure) {
            let made = try folder.makeFolder("s", forGuest: false)
            folderOfMasters = made
            return made
        } catch {
            throw HopError(hop: hop, reason: error.reason)
        }
    }
}
