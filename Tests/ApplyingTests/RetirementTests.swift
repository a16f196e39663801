import FleetModel
import Testing

@testable import Applying

/// What a person is told to type to stop a server that no container holds.
@Suite struct RetirementTests {
    @Test(arguments: [
        ("/var/lib/postgresql/15/main", [], ["sudo systemctl disable --now postgresql@15-main"]),
        ("/srv/data", [], ["pg_ctl stop --mode=fast --pgdata=/srv/data"]),
        ("/srv/it's $(here)", [], [#"pg_ctl stop --mode=fast --pgdata='/srv/it'\''s $(here)'"#]),
        (
            "/srv/data", [Hop.ssh(SSHHop(destination: "root@vps"))],
            [
                "# on the machine behind ssh root@vps:", "pg_ctl stop --mode=fast --pgdata=/srv/data",
            ]
        ),
    ])
    func `the commands name the server's own data folder`(folder: String, hops: [Hop], commands: [String]) {
        #expect(Retirement.commands(dataDirectory: folder, behind: hops) == commands)
    }

    @Test func `two long names that begin alike are kept aside under two names`() {
        let front = String(repeating: "x", count: 50)
        let names = ["\(front)_a", "\(front)_b"].map { RunName.aside($0, run: "2611260718550000") }
        #expect(names[0] != names[1])
        #expect(names.allSatisfy { $0.utf8.count == 63 && RunName.isAside($0) })
        #expect(RunName.aside("short", run: "2611260718550000") == "short__rcl_2611260718550000")
    }
}
