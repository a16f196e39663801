internal import Effects
internal import FleetModel

/// The words that lead into a container, once it is known to run.
enum Containers {
    /// Looks a container up: its id stays one container's whatever is named alike later.
    ///
    /// - Returns: `docker exec -i ID`.
    static func docker(_ name: String, of link: Link, _ hop: Hop) async throws(HopError) -> [String] {
        guard !name.hasPrefix("-"), !name.isEmpty else { throw HopError(hop: hop, reason: "it is no container's name") }
        let result = try await link.run(
            ["docker", "container", "inspect", "--format", "{{.Id}} {{.State.Status}}", "--", name],
            timeLimit: .seconds(30)
        )
        let said = result.outputText.split(whereSeparator: \.isWhitespace).map(String.init)
        guard result.status == 0, said.count == 2, said[0].utf8.allSatisfy(isHexadecimal) else {
            throw failure(hop, result)
        }
        switch said[1] {
        case "running": return ["docker", "exec", "-i", said[0]]
        case "paused": throw HopError(hop: hop, reason: "the container is paused: docker unpause \(name)")
        default: throw HopError(hop: hop, reason: "the container is not running (\(said[1])): docker start \(name)")
        }
    }

    /// Makes sure that a pod runs.
    ///
    /// - Returns: `kubectl … exec -i POD … --`.
    static func kubectl(_ pod: KubectlHop, of link: Link, _ hop: Hop) async throws(HopError) -> [String] {
        let words = [pod.pod, pod.namespace ?? "", pod.context ?? "", pod.container ?? ""]
        guard !pod.pod.isEmpty, words.allSatisfy({ !$0.hasPrefix("-") }) else {
            throw HopError(hop: hop, reason: "it is no pod, kubectl would take a part of it for an option")
        }
        let result = try await link.run(
            kubectl(pod) + ["get", "pod", pod.pod, "--output=jsonpath={.status.phase}"],
            timeLimit: .seconds(30)
        )
        guard result.status == 0 else { throw failure(hop, result) }
        let phase = result.outputText
        guard phase == "Running" else { throw HopError(hop: hop, reason: "the pod is not running (\(phase))") }
        let container = pod.container.map { ["--container=\($0)"] } ?? []
        return kubectl(pod) + ["exec", "--stdin"] + container + [pod.pod, "--"]
    }

    private static func kubectl(_ pod: KubectlHop) -> [String] {
        ["kubectl"] + (pod.context.map { ["--context=\($0)"] } ?? [])
            + (pod.namespace.map { ["--namespace=\($0)"] } ?? [])
    }

    static func failure(_ hop: Hop, _ result: CommandResult) -> HopError {
        HopError(hop: hop, reason: HopError.lastWords(result.errors) ?? "status \(result.status)")
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }
}
