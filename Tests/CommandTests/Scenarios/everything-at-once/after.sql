SELECT regexp_replace(datname, '__rcl_.*', '__rcl_…') FROM pg_database WHERE datname ~ '^(tenant|hub)' ORDER BY 1;
\c hub
SELECT n FROM counters;
\c tenant_a
SELECT n FROM counters;
SELECT what, count(*) FROM entries WHERE what !~ '^entry' GROUP BY what ORDER BY what;
SELECT count(*) FROM entries;
SELECT (SELECT count(*) FROM events), (SELECT count(*) FROM events_2024);
\c tenant_new
SELECT what, count(*) FROM entries GROUP BY what ORDER BY what;
\c postgres postgres ${other}
SELECT regexp_replace(datname, '__rcl_.*', '__rcl_…') FROM pg_database WHERE datname ~ '^(tenant|hub)' ORDER BY 1;
