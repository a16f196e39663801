import Discovery
import FleetModel
import Servers
import Testing

@Suite struct SightingTests {
    @Test func `sockets and ports of one process are one server`() throws {
        let sighting = try Recorded.sighting("system.txt")
        let server = try #require(sighting.candidates.first { $0.processID == 360 })
        #expect(
            server.addresses.map(\.description) == ["/tmp/rcl-ns-tcp/.s.PGSQL.5435", "127.0.0.1:5435"]
        )
        #expect(server.dataFolder == "/tmp/rcl-ns-tcp/data")
        #expect(server.owner == 101)
        #expect(sighting.candidates.count { $0.processID != nil } == 5)
        #expect(sighting.candidates.allSatisfy { $0.addresses.allSatisfy(\.hops.isEmpty) })
    }

    @Test func `a usual port may be asked, another one is left out and said to be`() throws {
        let sighting = try Recorded.sighting("system.txt")
        let unknown = try #require(sighting.candidates.first { $0.addresses.first?.port == 5440 })
        #expect(!unknown.isCertain)
        #expect(!sighting.candidates.contains { $0.addresses.contains { $0.port == 8011 } })
        #expect(sighting.unseen.contains("TCP ports that look like something else and were not asked: 8011"))
    }

    @Test func `a cluster that is down is there, and is not asked`() throws {
        let sighting = try Recorded.sighting("system.txt")
        let cluster = try #require(sighting.candidates.first { $0.cluster == "15/main" })
        #expect(cluster.obstacle == "cluster 15/main is down (data in /var/lib/postgresql/15/main)")
    }

    @Test func `hops lead to all that is seen behind them`() throws {
        let hop = Hop.ssh(SSHHop(destination: "root@vps"))
        let sighting = try Recorded.sighting(
            "system.txt",
            containers: "containers.txt",
            scope: SightingScope(hops: [hop])
        )
        let addresses = sighting.candidates.flatMap(\.addresses)
        #expect(addresses.allSatisfy { $0.hops.first == hop })
        #expect(
            addresses.contains(
                ServerAddress(hops: [hop, .docker(container: "rsm-postgres")], host: "127.0.0.1", port: 5432)
            )
        )
    }

    @Test func `containers count by image, by port and by what runs in them`() throws {
        let sighting = try Recorded.sighting("hidden.txt", containers: "containers.txt")
        let containers = sighting.candidates.filter { $0.container != nil }
        #expect(containers.map { $0.container?.name } == ["rsm-postgres", "old-db", "shop-db"])
        let inside = try #require(containers.first)
        #expect(inside.processID == 2044)
        #expect(inside.container?.user == "rsm")
        #expect(inside.addresses.map(\.description) == ["docker rsm-postgres > 127.0.0.1:5432"])
        #expect(containers[1].obstacle == "container old-db is exited (Exited (0) 3 weeks ago)")
        // What is published can be reached without docker.
        #expect(
            containers[2].addresses.map(\.description) == ["127.0.0.1:15432", "docker shop-db > 127.0.0.1:6000"]
        )
    }

    @Test func `without docker what runs in a container is said to be there`() throws {
        let sighting = try Recorded.sighting("hidden.txt")
        let obstacles = sighting.candidates.compactMap(\.obstacle)
        #expect(obstacles.contains("process 2044 runs in container d35a5fb0283a, which docker did not show us"))
    }

    @Test func `a process that may not be looked into is no second server beside its socket`() throws {
        let sighting = try Recorded.sighting("hidden.txt", containers: "containers.txt")
        #expect(!sighting.candidates.contains { $0.processID == 812 })
        #expect(
            sighting.unseen.contains { $0 == "what process 812 listens on: we may not look into what user 114 runs" }
        )
        let main = try #require(sighting.candidates.first { $0.cluster == "15/main" })
        // One folder by two names is one socket.
        #expect(main.addresses.map(\.description) == ["/var/run/postgresql/.s.PGSQL.5432"])
        #expect(main.owner == 114)
        #expect(sighting.unseen.contains("/tmp: no permission to list it"))
        // A socket that nobody here listens on may be a container's, so it is worth a try and no more.
        let silent = try #require(sighting.candidates.first { $0.addresses.first?.port == 5433 })
        #expect(!silent.isCertain)
    }

    @Test func `a server whose socket and port are all that is seen of it is two, until it was asked`() throws {
        let text = """

            MARK unix
            0000: 00000002 00000000 00010000 0001 01 9 /var/run/postgresql/.s.PGSQL.5432
            MARK tcp
               0: 0100007F:1538 00000000:0000 0A 00000000:00000000 00:00000000 00000000   101        0 10 1 0000 100 0 0 10 0
            MARK process 1 postgres
            Uid:\t101\t101\t101\t101
            Sockets: hidden
            MARK end
            """
        let sighting = Sighting(
            system: PlaceReport(parsing: text, mark: "MARK"),
            containers: nil,
            scope: SightingScope(hops: [.docker(container: "pg")])
        )
        #expect(sighting.candidates.map { $0.addresses.map(\.host) } == [["/var/run/postgresql"], ["127.0.0.1"]])
        #expect(sighting.candidates.allSatisfy { $0.processID == nil })
    }

    @Test func `a folder that libpq would take for two hosts is left alone`() {
        let text = "MARK unix\n0: 2 0 00010000 0001 01 9 /tmp/x,db.example.org/.s.PGSQL.5432\nMARK end\n"
        let report = PlaceReport(parsing: text, mark: "MARK")
        let sighting = Sighting(system: report, containers: nil, scope: SightingScope())
        #expect(sighting.candidates.isEmpty)
        #expect(sighting.unseen.contains { $0.contains("comma") })
    }

    @Test func `docker's refusal is said`() throws {
        let said = "permission denied while trying to connect to the Docker daemon socket"
        let report = PlaceReport(parsing: "\nMARK containers 1\nWARNING: x\n\(said)\n\nMARK end\n", mark: "MARK")
        let sighting = Sighting(system: try Recorded.report("system.txt"), containers: report, scope: SightingScope())
        #expect(sighting.unseen.contains("containers: \(said)"))
    }

    @Test func `only servers of root, postgres and our own are told a password`() throws {
        let sighting = try Recorded.sighting("hidden.txt")
        #expect([0, 114, 1000].allSatisfy { sighting.trusts($0) })
        #expect(!sighting.trusts(999))
        #expect(!sighting.trusts(nil))
    }

    @Test func `a stranger who listens on a port that a container publishes is not the container`() throws {
        func sighting(by user: Int) throws -> Sighting {
            let line = "   9: 0100007F:3C48 00000000:0000 0A 00000000:00000000 00:00000000 00000000 \(user) 0 4711 1\n"
            let text = try Recorded.text("hidden.txt").replacing("MARK tcp6", with: line + "MARK tcp6")
            return Sighting(
                system: PlaceReport(parsing: text, mark: "MARK"),
                containers: try Recorded.report("containers.txt"),
                scope: SightingScope()
            )
        }
        func addresses(_ sighting: Sighting) -> [String]? {
            sighting.candidates.first { $0.container?.name == "shop-db" }?.addresses.map(\.description)
        }
        for user in [0, 1000] {
            #expect(addresses(try sighting(by: user)) == ["127.0.0.1:15432", "docker shop-db > 127.0.0.1:6000"])
        }
        #expect(addresses(try sighting(by: 999)) == ["docker shop-db > 127.0.0.1:6000"])
    }

    @Test func `only declared servers of the place itself are asked who they are`() {
        let here = SourceRange.beginning(of: "here.yaml")
        func isAsked(_ via: [Hop], _ connection: [String: String], bySocket: Bool = false) -> Bool {
            let instance = Instance(
                name: Located("a", at: here),
                via: via,
                connection: connection.map { ConnectionParameter(keyword: $0, value: $1, range: here) },
                password: nil,
                state: .active
            )
            return instance.isPlace(behind: [.docker(container: "a")], bySocket: bySocket)
        }
        let way = [Hop.docker(container: "a")]
        #expect(isAsked(way, [:]))
        #expect(isAsked(way, ["host": "/run/postgresql,127.0.0.1"]))
        #expect(!isAsked(way, ["host": "127.0.0.1"], bySocket: true))
        #expect(isAsked(way, ["host": "/run/postgresql"], bySocket: true))
        #expect(!isAsked([], [:]))
        #expect(!isAsked(way + way, [:]))
        #expect(!isAsked(way, ["host": "db.example.com"]))
        #expect(!isAsked(way, ["host": "localhost", "hostaddr": "10.0.0.7"]))
        #expect(!isAsked(way, ["service": "production"]))
    }

    @Test func `in folders that are asked for, nothing else is seen`() throws {
        let sighting = try Recorded.sighting(
            "hidden.txt",
            containers: "containers.txt",
            scope: SightingScope(socketsOnly: true)
        )
        #expect(
            sighting.candidates.map { $0.addresses.map(\.description) } == [
                ["/var/run/postgresql/.s.PGSQL.5432"], ["/var/run/postgresql/.s.PGSQL.5433"],
            ]
        )
    }

    @Test func `a stranger's names forge no section`() {
        let text = "\nMARK unix\n0: 2 0 00010000 0001 01 7 /tmp/\rMARK process 1 postgres/.s.PGSQL.5432\nmark end\n"
        let report = PlaceReport(parsing: text, mark: "MARK")
        #expect(report.sections.map(\.name) == ["unix"])
        #expect(report.sections[0].lines.count == 2)
    }

    @Test(arguments: [
        ("0100007F", "127.0.0.1"), ("00000000", "0.0.0.0"), ("00000000000000000000000001000000", "::1"),
        ("B80D01200000000000000000010000FE", "2001:db8::fe00:1"), ("0000000000000000FFFF00000100007F", "127.0.0.1"),
        ("00000000000000000000000000000000", "::"),
    ])
    func `the kernel's addresses are read`(hex: String, text: String) throws {
        let line = "   0: \(hex):1538 00000000:0000 0A 00000000:00000000 00:00000000 00000000   101        0 5 1 0"
        #expect(try #require(TCPListener.listening([line]).first).address == text)
    }
}
