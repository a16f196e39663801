CREATE DATABASE hub;
CREATE DATABASE tenant_a;
\c hub
\i ${root}/sql/hub-0001.sql
\c tenant_a
\i ${root}/sql/tenant-0000.sql
-- The newer one ran; 0001_more was merged behind it.
\i ${root}/manifests/tenant/0002_newest.sql
\set hash `sha256sum < ${root}/manifests/tenant/0002_newest.sql | cut -c 1-64`
INSERT INTO drizzle.__drizzle_migrations (hash, created_at) VALUES (:'hash', 1700000200000);
INSERT INTO notes (body, pinned) VALUES ('pinned', true);
