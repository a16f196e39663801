import Glibc
import Testing
import TestSupport

@testable import Applying

/// What dead runs leave where everybody can put things is cleared, and nothing else.
@Suite struct LeftoverTests {
    @Test func `what a dead run left is cleared, what a link of that name leads to is not`() throws {
        let victim = try TemporaryFolder()
        try victim.write("precious", to: "file")
        let link = "\(TestServer.parent)/rcl-access-4194303-link"
        let left = "\(TestServer.parent)/rcl-access-4194303-left"
        symlink(victim.path, link)
        mkdir(left, 0o700)
        #expect(mkdir("\(victim.path)/open", 0o755) == 0)
        let file = open("\(left)/pgpass", O_CREAT | O_WRONLY, 0o600)
        close(file)
        defer { unlink(link) }

        ClientAccess.clear()

        #expect(access("\(victim.path)/file", F_OK) == 0)
        #expect(access(left, F_OK) != 0)
        PrivateFolder.removeOwn("\(victim.path)/open", guest: nil)
        #expect(access("\(victim.path)/open", F_OK) == 0, "a folder that others may enter is none that we make")
    }
}
