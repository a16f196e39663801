\i ${root}/manifests/hub/0000_start.sql
CREATE SCHEMA IF NOT EXISTS "drizzle";
CREATE TABLE IF NOT EXISTS "drizzle"."__drizzle_migrations" (id SERIAL PRIMARY KEY, hash text NOT NULL, created_at bigint);
\set hash `sha256sum < ${root}/manifests/hub/0000_start.sql | cut -c 1-64`
INSERT INTO drizzle.__drizzle_migrations (hash, created_at) VALUES (:'hash', 1700000000000);
