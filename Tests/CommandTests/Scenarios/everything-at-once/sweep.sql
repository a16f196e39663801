\c hub
SELECT 'hub', (SELECT n FROM counters), (SELECT count(*) FROM entries WHERE what = 'counted'), count(*) FROM drizzle.__drizzle_migrations;
\c tenant_a
\i ${root}/tenant.sql
\c tenant_b
\i ${root}/tenant.sql
\c tenant_drifted
\i ${root}/tenant.sql
\c tenant_moved
\i ${root}/tenant.sql
\c tenant_new
\i ${root}/tenant.sql
\c bystander
\i ${root}/server.sql
SELECT datname AS aside FROM pg_database WHERE datname ~ '^tenant_drifted__rcl_\d' LIMIT 1 \gset
\c :"aside"
SELECT 'aside', count(*), (SELECT n FROM counters), (SELECT count(*) FROM events) FROM entries;
\c bystander postgres ${other}
\i ${root}/server.sql
SELECT 'old', datallowconn FROM pg_database WHERE datname ~ '^tenant_moved__rcl_\d';
SELECT datname AS moved FROM pg_database WHERE datname ~ '^tenant_moved__rcl_\d' LIMIT 1 \gset
ALTER DATABASE :"moved" ALLOW_CONNECTIONS true;
\c :"moved"
SELECT 'aside', count(*), (SELECT n FROM counters), (SELECT count(*) FROM events) FROM entries;
\c bystander
ALTER DATABASE :"moved" ALLOW_CONNECTIONS false;
