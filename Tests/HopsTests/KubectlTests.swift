import Effects
import FleetModel
import Glibc
import Postgres
import Servers
import Testing
import TestSupport

/// Hops by kubectl, without a cluster.
///
/// A program of that name stands in for kubectl *and* the cluster, and runs the words here. So what is proved is the command line and all that is done over it, not that a real kubectl understands it.
@Suite(.serialized) struct KubectlTests {
    private static let standIn = """
        #!/bin/sh
        printf '%s\\n' "$*" >>"${0%/*}/calls"
        while [ $# -gt 0 ]; do
            case $1 in
            --context=*|--namespace=*) shift ;;
            get) printf '%s' "$(cat "${0%/*}/phase")"; exit ;;
            exec) shift; break ;;
            *) echo "error: unknown $1" >&2; exit 1 ;;
            esac
        done
        while [ "$1" != -- ]; do shift; done
        shift
        exec "$@"
        """

    /// What there is on this machine of the programs that can make a connection in a container.
    private static let relays = ["perl", "python3", "socat", "bash"].filter { access("/usr/bin/\($0)", X_OK) == 0 }

    @Test(.timeLimit(.minutes(1)), arguments: relays)
    func `a place that has nothing but one of the relays is reached`(relay: String) async throws {
        let address = "127.\(Int.random(in: 1...200)).\(Int.random(in: 0...200)).\(Int.random(in: 1...200))"
        try await TestServer.with(settings: ["listen_addresses": address]) { server in
            let folder = try TemporaryFolder(in: "/tmp")
            try folder.write(Self.standIn, to: "kubectl")
            try folder.write("Running", to: "phase")
            chmod("\(folder.path)/kubectl", 0o755)
            for name in ["sh", "cat", relay] { symlink("/usr/bin/\(name)", "\(folder.path)/\(name)") }
            let routes = Routes(environment: ["PATH": folder.path])
            let journey = Journey(
                hops: [.kubectl(KubectlHop(pod: "pg-0"))],
                connection: [("host", address), ("user", "postgres")]
            )
            let session = try await journey.session(routes)
            let text = String(repeating: "x", count: 1_000_000)
            let rows = try await session.run("SELECT $1 || repeat('y', 1000000)", parameters: [text])
            #expect(rows.first?[0]?.utf8.count == 2_000_000)
            await session.close()
            await routes.close()
            #expect((Files.text("\(folder.path)/calls") ?? "").contains("pg-0 -- \(relay) "))
            try await ChainTests.eventually("the relay is left") {
                TestProcesses.mentioning(address).filter { !$0.contains("postgres") }.isEmpty
            }
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `the words are those that kubectl documents, and sessions go over them`() async throws {
        try await TestServer.with { server in
            let folder = try TemporaryFolder(in: "/tmp")
            try folder.write(Self.standIn, to: "kubectl")
            try folder.write("Running", to: "phase")
            chmod("\(folder.path)/kubectl", 0o755)
            var environment = ProcessEnvironment.withoutPostgres
            environment["PATH"] = "\(folder.path):\(environment["PATH"] ?? "")"
            let pod = KubectlHop(pod: "pg-0", namespace: "db", context: "kind-test", container: "postgres")
            let journey = Journey(
                hops: [.kubectl(pod)],
                connection: [("host", server.socketFolder), ("user", "postgres")]
            )
            let routes = Routes(environment: environment)
            #expect(await journey.answer("SELECT 6 * 7", routes) == "42")
            await routes.close()
            let calls = (Files.text("\(folder.path)/calls") ?? "").split(separator: "\n").map(String.init)
            let start = "--context=kind-test --namespace=db"
            #expect(calls.first == "\(start) get pod pg-0 --output=jsonpath={.status.phase}")
            #expect(calls.contains { $0.hasPrefix("\(start) exec --stdin --container=postgres pg-0 -- sh -c ") })
            #expect(calls.contains { $0.hasPrefix("\(start) exec --stdin --container=postgres pg-0 -- perl -e ") })
            try folder.write("Pending", to: "phase")
            let late = Routes(environment: environment)
            #expect(await journey.answer("SELECT 1", late) == "kubectl db/pg-0: the pod is not running (Pending)")
            await late.close()
        }
    }
}
