CREATE DATABASE hub;
CREATE DATABASE tenant_a;
CREATE DATABASE tenant_b;
CREATE DATABASE tenant_c;
\c hub
\i ${root}/sql/hub-0000.sql
INSERT INTO accounts (name) VALUES ('one'), ('two');
\c tenant_a
\i ${root}/sql/tenant-0000.sql
INSERT INTO notes (body, state) SELECT 'note ' || n, 'closed' FROM generate_series(1, 50) n;
\c tenant_b
\i ${root}/sql/tenant-0000.sql
\c tenant_c
\i ${root}/sql/tenant-0001.sql
INSERT INTO notes (body) VALUES ('up to date');
