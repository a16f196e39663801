CREATE DATABASE hub;
CREATE DATABASE tenant_a;
CREATE DATABASE tenant_b;
CREATE DATABASE tenant_c;
\c hub
\i ${root}/sql/hub-0001.sql
\c tenant_a
\i ${root}/sql/tenant-0000.sql
ALTER TABLE notes ADD COLUMN nickname text;
INSERT INTO notes (body, nickname) VALUES ('old', 'n');
\c tenant_b
\i ${root}/sql/tenant-0001.sql
DROP INDEX tags_note_id_idx;
UPDATE drizzle.__drizzle_migrations SET hash = 'edited' WHERE created_at = 1700000100000;
\c tenant_c
\i ${root}/sql/tenant-0000.sql
INSERT INTO notes (body) VALUES ('healthy');
