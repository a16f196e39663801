import FleetModel
import SystemPackage
import Testing

@testable import ManifestLoading

/// The YAML that forges read: its keys are those they know, and what it calls is there.
@Suite struct `Pipeline files` {
    private static let workflows = ["docs/pipelines/github-pull-request.yml", "docs/pipelines/github-merged.yml"]

    private func tree(_ path: String) throws -> YAMLNode {
        let file = YAMLComposer.compose(Array(try Page(path).text.utf8), file: path)
        try #require(file.diagnostics.isEmpty, "\(file.diagnostics)")
        return try #require(file.documents.count == 1 ? file.documents.first : nil)
    }

    /// Whether all scripts that a text calls are there.
    private func expectScripts(in text: String, after folder: String) {
        for part in text.split(separator: folder).dropFirst() {
            let name = part.prefix { $0.isLetter || $0 == "-" }
            #expect(exists("scripts/pipeline/\(name)"), "\(name)")
        }
    }

    @Test func `the action says what GitHub knows, and pastes nothing into a script`() throws {
        let action = try tree("action.yml")
        #expect(Set(action.keys).isSubset(of: ["name", "description", "branding", "inputs", "outputs", "runs"]))
        let inputs = try #require(action["inputs"])
        for (name, input) in inputs.pairs {
            #expect(Set(input.keys).isSubset(of: ["description", "required", "default"]), "\(name)")
            #expect(input["description"]?.text != nil, "\(name)")
        }
        let runs = try #require(action["runs"])
        #expect(runs["using"]?.text == "composite")
        var used: Set<String> = []
        for step in runs["steps"]?.items ?? [] {
            #expect(Set(step.keys).isSubset(of: ["name", "id", "if", "shell", "run", "env"]))
            let run = try #require(step["run"]?.text)
            #expect(!run.contains("${{"))
            #expect(step["shell"]?.text == "bash")
            expectScripts(in: run, after: "scripts/pipeline/")
            let values = (step["env"]?.pairs ?? []).compactMap(\.value.text) + [step["if"]?.text ?? ""]
            for value in values { used.formUnion(value.matches(of: #/inputs\.([a-z-]+)/#).map { String($0.1) }) }
        }
        #expect(used == Set(inputs.keys))
    }

    @Test func `outputs of the action are written by a script`() throws {
        let scripts = try ["plan", "gate", "apply", "find-plan"].map { try Page("scripts/pipeline/\($0)").text }
            .joined()
        let outputs = try #require(try tree("action.yml")["outputs"])
        #expect(outputs.keys.count > 4)
        for (name, output) in outputs.pairs {
            #expect(output["value"]?.text == "${{ steps.work.outputs.\(name) }}")
            #expect(scripts.contains("output \(name) \""), "\(name)")
        }
    }

    @Test(arguments: workflows)
    func `a workflow gives no right that a job did not ask for, and pins what it uses`(_ path: String) throws {
        let workflow = try tree(path)
        let inputs = Set(try #require(try tree("action.yml")["inputs"]).keys)
        let outputs = Set(try #require(try tree("action.yml")["outputs"]).keys)
        #expect(workflow["permissions"]?.pairs.isEmpty == true)
        // What a stranger sends must not run where secrets are.
        let text = try Page(path).text
        #expect(!text.contains("pull_request_target"))
        for (_, job) in try #require(workflow["jobs"]).pairs {
            #expect(job["runs-on"] != nil)
            #expect(job["permissions"]?["contents"]?.text == "read")
            for step in job["steps"]?.items ?? [] {
                let used = try #require(step["uses"]?.text)
                if used == "OWNER/reconcile@v1" {
                    let given = step["with"]?.keys ?? []
                    #expect(inputs.isSuperset(of: given))
                } else {
                    #expect(used.wholeMatch(of: #/(?:actions|github)\/[a-z\/-]+@[0-9a-f]{40}/#) != nil, "\(used)")
                }
            }
        }
        for match in text.matches(of: #/steps\.[a-z]+\.outputs\.([a-z]+)/#) {
            #expect(outputs.contains(String(match.1)), "\(match.output)")
        }
    }

    @Test func `GitLab's template calls scripts that are there`() throws {
        let template = try tree("docs/pipelines/gitlab-ci.yml")
        let known: Set = [
            "image", "interruptible", "artifacts", "extends", "rules", "script", "after_script", "resource_group",
            "environment", "needs",
        ]
        let jobs = template.pairs.filter { $0.key != "variables" }
        #expect(jobs.map(\.key) == [".reconcile", "reconcile:gate", "reconcile:plan", "reconcile:apply"])
        for (name, job) in jobs {
            #expect(Set(job.keys).isSubset(of: known), "\(name)")
            for part in ["script", "after_script"] {
                for line in job[part]?.items.compactMap(\.text) ?? [] {
                    expectScripts(in: line, after: "$RECONCILE_PIPELINE/")
                }
            }
        }
    }

    @Test func `hooks for pre-commit are there`() throws {
        let hooks = try tree(".pre-commit-hooks.yaml").items
        #expect(hooks.compactMap { $0["id"]?.text } == ["reconcile-validate", "reconcile-gate"])
        for hook in hooks {
            expectScripts(in: try #require(hook["entry"]?.text), after: "scripts/pipeline/")
            #expect(hook["language"]?.text == "script")
        }
    }

    @Test func `every variable of the scripts is in the table`() throws {
        let files = try namesOfFiles(in: "scripts/pipeline").filter { $0 != "action" }
        let scripts = try files.map { try Page("scripts/pipeline/\($0)").text }.joined()
        let named = scripts.matches(of: #/\$\{((?:PIPELINE|RECONCILE)[A-Z_]*):-/#).map { String($0.1) }
        #expect(Set(named) == Set(try Page("docs/pipelines.md").names(under: "Variables")))
    }
}

extension YAMLNode {
    fileprivate var pairs: [(key: String, value: YAMLNode)] {
        guard case .mapping(let pairs) = content else { return [] }
        return pairs.map { ($0.key.value, $0.value) }
    }

    fileprivate var keys: [String] { pairs.map(\.key) }

    fileprivate var items: [YAMLNode] {
        guard case .sequence(let items) = content else { return [] }
        return items
    }

    fileprivate var text: String? {
        guard case .scalar(let scalar) = content else { return nil }
        return scalar.text
    }

    fileprivate subscript(key: String) -> YAMLNode? { pairs.first { $0.key == key }?.value }
}
