extension SQL {
    /// An expression: the timeline that the server writes now, as an integer.
    ///
    /// A server that was promoted tells its old timeline in `pg_control_checkpoint` until its first checkpoint ends; the
    /// names of the files it writes tell the new one at once.
    package static let timeline: SQL = """
        CASE WHEN pg_is_in_recovery() THEN (SELECT timeline_id FROM pg_control_checkpoint()) \
        ELSE ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int4 END
        """
}
