import FleetModel
import ManifestLoading
import Reports
import Testing

@Suite struct `Secrets in manifests` {
    private static let canary = "Tr0ub4dor"

    /// Places where people write passwords; `CANARY` stands for one.
    private static let places = [
        "connection: {password: CANARY}",
        "connection: {password: \"CANARY\", colour: red}",
        "connection: {host: localhost, Password: CANARY}",
        "connection: {passwrd: CANARY}",
        "connection: {sslpassword: 'CANARY'}",
        "connection: {oauth_client_secret: CANARY}",
        "connection: {host: \"postgres://u:CANARY@h/d\"}",
        "connection: {host: \"postgres://h/d?sslmode=disable&password=CANARY\"}",
        "connection: {dbname: \"user=u password=CANARY\"}",
        "connection: {dbname: \"password = 'CANARY'\"}",
        "connection: {port: [x], password: CANARY}",
        "connection: {}\n    password: CANARY",
        "connection: {}\n    password: [CANARY]",
        "connection: {}\n    password: {env: CANARY-x}",
        "connection: {}\n    password: {value: CANARY}",
        "connection: {}\n    password: {env: A, literal: CANARY}",
        "connection: {}\n    password: |\n      CANARY",
        "connection: {}\n    password: !secret CANARY",
        "connection: {}\n    password: &p CANARY",
        "connection: {}\n    passwd: CANARY",
        "connection: {}\n    token: CANARY",
        "connection: {}\n    password: \"CANARY",
        "connection: {}\n    password: CANARY: x",
        "connection: {}\n    password CANARY\n    state: active",
        "connection: {}\n    password:\tCANARY",
        "connection: {}\n    password: @CANARY",
        "connection: {}\n    password: `CANARY`",
        "connection: {}\n    password: \"CANARY\\q\"",
        "connection: {}\n    password: a\n    password: CANARY",
        "connection: {}\n    via: [{ssh: \"u:CANARY@h\"}]",
        "connection: {}\n    via: [{ssh: \"ssh://u:CANARY@h\"}]",
        "connection: {}\n    stat: \"postgres://u:CANARY@h\"",
    ]

    @Test(arguments: places, ["\n", "\r\n"])
    func `a secret is refused and shown nowhere`(_ place: String, _ lineEnd: String) throws {
        let text = """
            apiVersion: reconcile/v1
            kind: Environment
            name: local
            role: development
            instances:
              one:
                \(place)
            """.replacing("CANARY", with: Self.canary).replacing("\n", with: lineEnd)
        let root = try TemporaryRoot(["environments/local.yaml": text])
        let loaded = ManifestLoader.load(root: root.path)
        #expect(loaded.value == nil)
        for diagnostic in loaded.diagnostics {
            #expect(!diagnostic.message.contains(Self.canary))
            #expect(diagnostic.hint?.contains(Self.canary) != true)
        }
        var lines = SourceLines(root: root.path)
        let shown = DiagnosticsText(loaded.diagnostics, style: .plain).rendered { lines.line($0, of: $1) }
        #expect(!shown.contains(Self.canary), "\(shown)")
    }

    @Test func `a reference to a secret is not a secret`() throws {
        let root = try TemporaryRoot([
            "environments/local.yaml": """
            apiVersion: reconcile/v1
            kind: Environment
            name: local
            role: development
            instances:
              a: {connection: {port: 1, passfile: /run/pass, options: "-c x=y"}, password: {env: PASSWORD}}
              b: {connection: {port: 2, host: db, user: "password"}, password: {file: password.txt}}
              c: {connection: {port: 3, dbname: "a=b"}, password: {command: [pass, show, password]}}
            """
        ])
        let fleet = try #require(ManifestLoader.load(root: root.path).value)
        let folder = fleet.root + "/environments"
        #expect(
            fleet.environments[0].instances.map(\.password?.value) == [
                .environment("PASSWORD"), .file(folder + "/password.txt"),
                .command(["pass", "show", "password"], folder: folder),
            ]
        )
    }
}
