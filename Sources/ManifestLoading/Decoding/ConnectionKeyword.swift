/// The keywords of libpq's connection strings.
///
/// A table of our own, not `PQconndefaults`: a manifest means the same whatever libpq is installed, and one that is too
/// old for a keyword says so itself when it connects. Up to PostgreSQL 18
/// (https://www.postgresql.org/docs/18/libpq-connect.html#LIBPQ-PARAMKEYWORDS).
enum ConnectionKeyword {
    /// Never in a manifest.
    static let secrets = ["password", "sslpassword", "oauth_client_secret", "scram_client_key", "scram_server_key"]

    static let all = [
        "application_name", "channel_binding", "client_encoding", "connect_timeout", "dbname",
        "fallback_application_name", "gssdelegation", "gssencmode", "gsslib", "host", "hostaddr", "keepalives",
        "keepalives_count", "keepalives_idle", "keepalives_interval", "krbsrvname", "load_balance_hosts",
        "max_protocol_version", "min_protocol_version", "oauth_client_id", "oauth_issuer", "oauth_scope", "options",
        "passfile", "port", "replication", "require_auth", "requirepeer", "service", "ssl_max_protocol_version",
        "ssl_min_protocol_version", "sslcert", "sslcertmode", "sslcompression", "sslcrl", "sslcrldir", "sslkey",
        "sslkeylogfile", "sslmode", "sslnegotiation", "sslrootcert", "sslsni", "target_session_attrs",
        "tcp_user_timeout", "user",
    ]

    /// What is allowed where libpq knows a closed set.
    static let choices: [String: [String]] = [
        "channel_binding": ["disable", "prefer", "require"],
        "gssencmode": ["disable", "prefer", "require"],
        "load_balance_hosts": ["disable", "random"],
        "sslcertmode": ["disable", "allow", "require"],
        "sslmode": ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"],
        "sslnegotiation": ["postgres", "direct"],
        "target_session_attrs": ["any", "read-write", "read-only", "primary", "standby", "prefer-standby"],
    ]

    static let wholeNumbers: Set<String> = [
        "connect_timeout", "keepalives", "keepalives_count", "keepalives_idle", "keepalives_interval",
        "tcp_user_timeout",
    ]

    /// The most common words of other tools, and what libpq calls them.
    static let otherNames = [
        "database": "dbname", "db": "dbname", "hostname": "host", "username": "user", "ssl": "sslmode",
        "sslca": "sslrootcert", "timeout": "connect_timeout", "socket": "host",
    ]
}
