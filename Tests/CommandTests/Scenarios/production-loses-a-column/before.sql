CREATE DATABASE hub;
CREATE DATABASE bystander;
\c hub
\i ${root}/sql/hub-0000.sql
INSERT INTO accounts (name) SELECT 'account ' || n FROM generate_series(1, 200) n;
\c bystander
CREATE TABLE precious AS SELECT n, md5(n::text) AS hash FROM generate_series(1, 500) n;
