internal import FleetModel

extension FleetRecords {
    /// Receipts of backups, the newest first.
    var backupTable: HTML {
        HTML.scrolled("Backups") {
            Tag.table(.class("backups")) {
                Tag.caption(.class("spoken")) { "Backups" }
                Tag.thead {
                    Tag.tr {
                        for head in ["Database", "Instance", "Taken"] { Tag.th(.scope(.column)) { head } }
                        for head in ["Rows", "Size"] { Tag.th(.scope(.column), .class("number")) { head } }
                        for head in ["Proved by", "Put back with"] { Tag.th(.scope(.column)) { head } }
                    }
                }
                Tag.tbody {
                    for backup in backups.sorted(by: { $0.takenAt > $1.takenAt }) { row(backup) }
                }
            }
        }
    }

    private func row(_ backup: BackupRecord) -> HTML {
        Tag.tr(.class("item")) {
            Tag.th(.scope(.row)) { HTML.name(backup.database) }
            Tag.td { HTML.name(backup.instance) }
            Tag.td { Tag.time { Timestamp(seconds: backup.takenAt).description } }
            Tag.td(.class("number")) { "\(backup.rows)" }
            Tag.td(.class("number")) { Printable.size(backup.sizeBytes) }
            Tag.td {
                // A backup nobody has read may be none.
                if backup.verified == "none" { HTML.chip("!", "nothing", .warning) } else { backup.verified }
            }
            Tag.td { Tag.code(.class("command")) { backup.restore.map(Self.word).joined(separator: " ") } }
        }
    }

    /// A word as a shell reads it back.
    private static func word(_ word: String) -> String {
        let isPlain = word.utf8.allSatisfy { byte in
            switch byte {
            case 48...57, 65...90, 97...122: true
            default: "_-./=:,%+@".utf8.contains(byte)
            }
        }
        if isPlain, !word.isEmpty { return word }
        return "'" + word.replacing(each: "'", with: #"'\''"#) + "'"
    }

    /// The journal of runs.
    var runTable: HTML {
        HTML.scrolled("Runs") {
            Tag.table(.class("runs")) {
                Tag.caption(.class("spoken")) { "Runs, newest first" }
                Tag.thead {
                    Tag.tr {
                        for head in ["Started", "Finished", "Outcome", "Databases", "Who", "Run", "Plan"] {
                            Tag.th(.scope(.column)) { head }
                        }
                    }
                }
                Tag.tbody {
                    for run in runs { row(run) }
                }
            }
        }
    }

    private func row(_ run: RunRecord) -> HTML {
        let mark = Self.mark(of: run.outcome)
        return Tag.tr(.class("item"), .states([run.outcome])) {
            Tag.th(.scope(.row)) { Tag.time { run.startedAt } }
            Tag.td { run.finishedAt ?? "–" }
            Tag.td { HTML.chip(mark.symbol, run.outcome, mark.tone) }
            Tag.td { run.counts.map { "\($0.count) \($0.outcome)" }.joined(separator: ", ") }
            Tag.td { run.who }
            Tag.td { Tag.code { run.id } }
            Tag.td { Tag.code { String(run.planDigest.prefix(12)) } }
        }
    }

    private static func mark(of outcome: String) -> (symbol: String, tone: Tone) {
        switch outcome {
        case "converged": ("✓", .good)
        case "running": ("…", .info)
        default: ("✗", .error)
        }
    }
}
