CREATE DATABASE hub;
CREATE DATABASE tenant_a;
CREATE DATABASE bystander;
\c hub
\i ${root}/sql/hub-0000.sql
INSERT INTO counters VALUES (0);
\c tenant_a
\i ${root}/sql/tenant-0000.sql
\i ${root}/sql/rows.sql
\c bystander
CREATE TABLE precious AS SELECT n, md5(n::text) AS hash FROM generate_series(1, 500) n;
\c postgres
CREATE DATABASE tenant_b TEMPLATE tenant_a;
CREATE DATABASE tenant_drifted TEMPLATE tenant_a;
\c tenant_drifted
ALTER TABLE entries DROP COLUMN what;
\c postgres postgres ${other}
CREATE DATABASE tenant_moved;
CREATE DATABASE bystander;
\c bystander
CREATE TABLE precious AS SELECT n, md5(n::text) AS hash FROM generate_series(1, 500) n;
\c tenant_moved
\i ${root}/sql/tenant-0000.sql
\i ${root}/sql/rows.sql
