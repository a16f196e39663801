\i ${root}/sql/tenant-0000.sql
\i ${root}/manifests/tenant/0001_more.sql
\set hash `sha256sum < ${root}/manifests/tenant/0001_more.sql | cut -c 1-64`
INSERT INTO drizzle.__drizzle_migrations (hash, created_at) VALUES (:'hash', 1700000100000);
