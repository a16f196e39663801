import FleetModel
import ManifestLoading
import Migrations
import SystemPackage
import Testing

@Suite struct `Loading a root` {
    private let tenant = """
        apiVersion: reconcile/v1
        kind: DatabaseClass
        name: tenant
        migrations: {directory: ../migrations/tenant, format: drizzle}
        """

    @Test func `a format that is not known is named with all that are`() throws {
        let manifest = tenant.replacing("format: drizzle", with: "format: drizle")
        let root = try TemporaryRoot(["manifests/tenant.yaml": manifest])
        let known = (MigrationSource.Format.all + [.auto]).map(\.name).joined(separator: ", ")
        #expect(
            ManifestLoader.load(root: root.path).diagnostics.map(\.message).contains(
                "\"format\" is \"drizle\"; allowed: \(known)"
            )
        )
    }

    private func codes(_ root: TemporaryRoot) -> [DiagnosticCode] {
        ManifestLoader.load(root: root.path).diagnostics.map(\.code)
    }

    @Test func `a whole estate is read as it is written`() throws {
        let root = try #require(Fixture.all().first { $0.name == "whole-estate" }).root()
        let fleet = try #require(ManifestLoader.load(root: root.path).value)
        #expect(fleet.environments.map(\.name.value) == ["development", "production"])
        #expect(fleet.classes.map(\.name.value) == ["master", "tenant"])

        let tenant = try #require(fleet.databaseClass(named: "tenant"))
        #expect(tenant.migrations.directory.value == fleet.root + "/migrations/tenant")
        #expect(tenant.tables?.map(\.value.description) == ["public.clients", "public.sessions", "billing.invoices"])
        #expect(tenant.initScripts.map(\.value) == [fleet.root + "/seeds/tenant.sql"])
        #expect(
            tenant.create == CreationOptions(owner: "app", encoding: "UTF8", locale: "C.UTF-8", extensions: ["citext"])
        )
        #expect(tenant.checks.map(\.name) == ["has a default plan"])
        #expect(tenant.expects?.source == .sql(fleet.root + "/schema/tenant.sql"))
        let master = try #require(fleet.databaseClass(named: "master"))
        #expect(master.migrations.historySchema == "reconcile" && master.migrations.historyTable == "migrations")
        #expect(master.migrations.searchPath == "\"$user\", public" && master.migrations.role == .owner)

        let production = try #require(fleet.environment(named: "production"))
        #expect(production.policy == Policy(defaultsFor: .production))
        #expect(production.instances.map(\.name.value) == ["vps-docker", "vps-native"])
        #expect(
            production.instances[0].via == [.ssh(SSHHop(destination: "root@vps")), .docker(container: "rsm-postgres")]
        )
        #expect(production.instances[0].address == "ssh root@vps > docker rsm-postgres > 127.0.0.1:5432")
        #expect(production.instances[0].connection.map(\.keyword) == ["host", "port", "user", "dbname", "sslmode"])
        let hop = SSHHop(
            destination: "root@vps",
            config: fleet.root + "/ssh.config",
            identity: "/run/secrets/id",
            port: 2222
        )
        #expect(production.instances[1].via == [.ssh(hop)])
        #expect(production.instances[1].state == .retiring)
        #expect(production.entries.map(\.version.value) == ["0001_phase_17", "0001", "0001_phase_17", "latest"])
        #expect(production.entries.map(\.instance.value) == Array(repeating: "vps-docker", count: 4))
        #expect(production.entries[1].selector.value == .names(["a", "o\"dd", "it's", "ünï.code"]))
        #expect(production.entries[2].selector.value == .match("tenant_*"))

        let policy = try #require(fleet.environment(named: "development")).policy
        #expect(policy.repair == .quarantine && policy.unmanaged == .ignore && policy.allow == [.dataLoss, .fullScan])
        #expect(
            policy.backupWhen == .destructive && policy.backupVerify == .read && policy.backupKeep == .seconds(604_800)
        )
        #expect(policy.backupDirectory == "/var/backups" && policy.maxDestroy == .percent(25))
        #expect(policy.canary == 2 && policy.parallel == 8 && policy.maxFailures == 1 && policy.requireTLS)
        #expect(policy.lockTimeout == .milliseconds(500) && policy.statementTimeout == nil)
    }

    @Test func `a root without manifests says which folder was looked at`() throws {
        let root = try TemporaryRoot()
        let loaded = ManifestLoader.load(root: root.path)
        #expect(loaded.value == nil)
        #expect(loaded.diagnostics.map(\.code) == [.fileUnreadable])
        #expect(loaded.diagnostics[0].message.contains(root.path.string))
        #expect(ManifestLoader.load(root: root.path.appending("none")).diagnostics.map(\.code) == [.fileUnreadable])
        try root.makeFolder("manifests")
        #expect(ManifestLoader.load(root: root.path).value?.classes.isEmpty == true)
    }

    @Test func `hidden files, other files and folders below are left alone`() throws {
        let root = try TemporaryRoot([
            "manifests/.tenant.yaml": "{", "manifests/README.md": "{", "manifests/old/tenant.yaml": "{",
        ])
        #expect(codes(root) == [])
    }

    @Test func `links are followed within the root and refused beyond it`() throws {
        let outside = try TemporaryRoot(["tenant.yaml": tenant, "seed.sql": ""])
        try outside.makeFolder("migrations")
        let root = try TemporaryRoot(["shared/tenant.yaml": tenant])
        try root.link("manifests/tenant.yaml", to: "../shared/tenant.yaml")
        try root.makeFolder("db/tenant")
        try root.link("migrations", to: "db")
        let fleet = try #require(ManifestLoader.load(root: root.path).value)
        #expect(fleet.classes[0].migrations.directory.value == fleet.root + "/db/tenant")

        try root.link("manifests/far.yaml", to: outside.path.appending("tenant.yaml").string)
        #expect(codes(root) == [.pathEscapes])

        let second = try TemporaryRoot([
            "manifests/a.yaml": tenant + "\ninit: [../seed.sql, ../here/../../x.sql, ../around/seed.sql]\n"
        ])
        try second.link("migrations/tenant", to: outside.path.appending("migrations").string)
        try second.link("seed.sql", to: outside.path.appending("seed.sql").string)
        try second.link("here", to: "/tmp")
        try second.link("around", to: ".")
        #expect(codes(second) == [.pathEscapes, .pathEscapes, .pathEscapes, .pathEscapes])
    }

    @Test func `what is no regular file is not opened`() throws {
        let root = try TemporaryRoot(["migrations/tenant/a": ""])
        try root.makeFolder("manifests/folder.yaml")
        try root.makePipe("manifests/pipe.yaml")
        try root.link("manifests/device.yaml", to: "/dev/zero")
        try root.link("manifests/dangling.yaml", to: "nowhere")
        try root.link("manifests/loop.yaml", to: "loop.yaml")
        #expect(Set(codes(root)) == [.fileUnreadable, .pathEscapes])
        #expect(codes(root).count == 5)
    }

    @Test func `diagnostics come in the order of files, lines and columns`() throws {
        let root = try TemporaryRoot([
            "manifests/b.yaml": "{b: 1, a: 2}", "manifests/a.yaml": "a: *x\nb: &y c\n", "environments/z.yml": "[",
        ])
        let places = ManifestLoader.load(root: root.path).diagnostics.map { diagnostic in
            (diagnostic.range?.file ?? "", diagnostic.range?.start ?? SourcePosition(line: 0, column: 0))
        }
        #expect(places.count > 4)
        for (one, next) in zip(places, places.dropFirst()) { #expect(one <= next) }
    }

    @Test func `a file of a thousand faults shows the first two hundred`() throws {
        let keys = (0..<1000).map { "k\($0): 1" }.joined(separator: "\n")
        let root = try TemporaryRoot(["manifests/a.yaml": tenant + "\n" + keys])
        try root.makeFolder("migrations/tenant")
        let loaded = ManifestLoader.load(root: root.path)
        #expect(loaded.diagnostics.count == 201)
        #expect(loaded.diagnostics.contains { $0.code == .limitExceeded })
    }
}
