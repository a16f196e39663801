import FleetModel
import Migrations
import Postgres
import Servers
import Testing
import TestSupport

@testable import Applying

/// Whatever a migration says of transactions, it is applied as a whole or not at all.
@Suite struct TransactionControlTests {
    private static let commands = [
        "COMMIT", "ROLLBACK", "END", "ABORT", "BEGIN", "START TRANSACTION", "COMMIT AND CHAIN", "ROLLBACK AND CHAIN",
        "SAVEPOINT s", "SAVEPOINT s; ROLLBACK TO s", "RELEASE s", "PREPARE TRANSACTION 'x'", "COMMIT PREPARED 'x'",
        "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
        "CALL committing()", "CALL undoing()", "DISCARD ALL",
    ]

    /// How a command may stand in a file; `§` is the command.
    private static let dresses = [
        "§", "-- §\nSELECT 1", "/* /* § */ § */ SELECT 1", "/* c */ § /* c */", "--c\n\t§--c\n", "SELECT '§;'",
        "SELECT 'a\\'; §; SELECT ' '", "SET standard_conforming_strings = off; SELECT 'a\\'; §; --'",
        "SELECT $$§;$$, $a$ $$ §; $$ $a$", "SELECT U&'\\0041§;'", "SELECT 1 AS \"§;\"",
        "DO $$ BEGIN EXECUTE $e$§$e$; END $$",
        "DO $$ BEGIN BEGIN EXECUTE $e$§$e$; EXCEPTION WHEN OTHERS THEN NULL; END; END $$",
        "CREATE OR REPLACE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $f$ BEGIN EXECUTE $e$§$e$; END $f$; SELECT f()",
        "CREATE OR REPLACE PROCEDURE p() LANGUAGE plpgsql AS $f$ BEGIN EXECUTE $e$§$e$; END $f$; CALL p()",
        "CREATE OR REPLACE FUNCTION g() RETURNS int BEGIN ATOMIC SELECT 1; END; SELECT g(); §",
    ]

    /// Each command in each dress, and what only some can do.
    private static let bodies: [String] = {
        var all = commands.flatMap { command in
            dresses.enumerated().map { index, dress in
                let written =
                    switch index % 3 {
                    case 0: command
                    case 1: command.lowercased()
                    default: String(command.enumerated().map { $0 % 2 == 0 ? Character($1.lowercased()) : $1 })
                    }
                return dress.replacing("§", with: written)
            }
        }
        for end in ["COMMIT", "ROLLBACK", "commit and chain"] {
            all += [
                "DO $$ BEGIN \(end); END $$", "DO LANGUAGE plpgsql 'BEGIN \(end); END'",
                "DO U&'BEGIN \(end)\\003B END'", "DO E'BEGIN \(end)\\u003B END'",
                "DO $$ BEGIN FOR i IN 1..3 LOOP INSERT INTO ledger VALUES (§, 'loop'); \(end); END LOOP; END $$",
                "CREATE OR REPLACE PROCEDURE q() LANGUAGE plpgsql AS $f$ BEGIN \(end); END $f$; CALL q()",
            ]
        }
        return all
    }()

    @Test(.proves(22), .timeLimit(.minutes(10)))
    func `no transaction control gets out of a migration`() async throws {
        try await Bench.with(settings: ["max_prepared_transactions": "4"]) { bench in
            try await bench.sql(
                """
                CREATE TABLE ledger (body int, what text);
                CREATE PROCEDURE committing() LANGUAGE plpgsql AS 'BEGIN COMMIT; END';
                CREATE PROCEDURE undoing() LANGUAGE plpgsql AS 'BEGIN ROLLBACK; END';
                """
            )
            let every = Sweep.pick(Array(Self.bodies.enumerated()), quick: 60, sample: Self.bodies.count)
            try #require(Self.bodies.count > 200)
            let observer = try await Session.open(
                bench.server.target(database: "shop"),
                settings: SessionSettings(access: .readOnly, applicationName: "observer")
            )
            // One session for all: what one leaves behind the next would show.
            let refused = try await bench.work { worker in
                try await bench.run(Bench.migration(0, "SELECT 1"), worker)
                var mark = HistoryMark(count: 1)
                var refused = 0
                for (number, body) in every {
                    Sweep.tried()
                    let text = """
                        INSERT INTO ledger VALUES (\(number), 'before');
                        \(body.replacing("§", with: "\(number)"));
                        INSERT INTO ledger VALUES (\(number), 'after')
                        """
                    let migration = Bench.migration(number + 1, text)
                    var failure: String?
                    do {
                        try await worker.migrate(migration, Bench.context, mark: mark)
                        mark = mark.after([migration], Bench.context.format)
                    } catch {
                        failure = "\(error)"
                        refused += 1
                    }
                    let left = try await observer.run(
                        """
                        SELECT concat_ws(' ', (SELECT count(*) FROM public.ledger WHERE body = \(number)),
                            (SELECT count(*) FROM pg_prepared_xacts),
                            (SELECT count(*) FROM reconcile.migrations WHERE version = \(number + 1)))
                        """
                    )
                    let wanted = failure == nil ? "2 0 1" : "0 0 0"
                    #expect(left.first?.rows?.scalar == wanted, "\(text)\n\(failure ?? "it was applied")")
                }
                return refused
            }
            await observer.close()
            #expect(refused > every.count / 3 && refused < every.count)
        }
    }
}
