CREATE DATABASE hub;
CREATE DATABASE tenant_a;
\c hub
\i ${root}/sql/hub-0001.sql
\c tenant_a
\i ${root}/sql/tenant-0000.sql
\i ${root}/manifests/hub/0000_start.sql
INSERT INTO accounts (name) VALUES ('misplaced one'), ('misplaced two');
INSERT INTO tenants VALUES ('tenant_a');
INSERT INTO notes (body) VALUES ('stays');
