package import FleetModel
package import Postgres

/// One run as the journal tells it.
package struct RunRecord: Sendable, Hashable {
    package var runID: String
    package var environment: String
    package var startedAt: String
    package var finishedAt: String?
    /// The plan's `content_digest`.
    package var planDigest: String
    /// `converged`, `failed`, `interrupted` or `running`.
    package var outcome: String
    /// Counts by outcome.
    package var databases: JSONValue
    package var who: String
    package var host: String

    package var json: JSONValue {
        [
            "run_id": .string(runID), "environment": .string(environment), "started_at": .string(startedAt),
            "finished_at": JSONValue(finishedAt), "plan_digest": .string(planDigest), "outcome": .string(outcome),
            "databases": databases, "who": .string(who), "host": .string(host),
        ]
    }
}

/// Reads the journal of runs; a maintenance database without one holds no runs.
package enum RunHistory {
    /// The runs of an environment as one instance's journal has them, newest first.
    package static func read(environment: String, target: ConnectionTarget) async throws(PostgresError) -> [RunRecord] {
        let settings = SessionSettings(access: .readOnly, applicationName: "reconcile/history")
        let session = try await Session.open(target, settings: settings)
        let exists = try await session.run("SELECT to_regclass('reconcile.runs') IS NOT NULL")
        guard exists.first?.rows?.scalar == "t" else {
            await session.close()
            return []
        }
        let key = AdvisoryKey.environment(environment)
        let answers = try await session.run(
            """
            SELECT run_id, environment, to_char(started_at, 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
                to_char(finished_at, 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), plan_digest,
                -- A run that is not finished and holds no lock died.
                CASE WHEN outcome = 'running' AND NOT EXISTS (
                    SELECT FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
                    WHERE \(key.inLocksView) AND starts_with(a.application_name, 'reconcile/' || run_id || ' '))
                    THEN 'interrupted' ELSE outcome END, databases, os_user, host
            FROM reconcile.runs WHERE environment = \(literal: environment) ORDER BY started_at DESC, run_id DESC
            """
        )
        await session.close()
        return (answers.first?.rows ?? Rows(columns: [], values: [])).map { row in
            RunRecord(
                runID: row[0] ?? "",
                environment: row[1] ?? "",
                startedAt: row[2] ?? "",
                finishedAt: row[3],
                planDigest: row[4] ?? "",
                outcome: row[5] ?? "",
                databases: (try? JSONValue(parsing: Array((row[6] ?? "{}").utf8))) ?? [:],
                who: row[7] ?? "",
                host: row[8] ?? ""
            )
        }
    }

    /// Several instances tell of the same runs: each once, newest first.
    package static func merged(_ journals: [[RunRecord]]) -> [RunRecord] {
        var seen: Set<String> = []
        return journals.flatMap(\.self).sorted { ($0.startedAt, $0.runID) > ($1.startedAt, $1.runID) }
            .filter { seen.insert($0.runID).inserted }
    }
}
