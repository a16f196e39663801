CREATE DATABASE shop;
\c shop
CREATE TABLE counters (n int NOT NULL);
INSERT INTO counters VALUES (0);
CREATE SCHEMA reconcile;
CREATE TABLE reconcile.migrations (version bigint PRIMARY KEY, name text NOT NULL, sha256 text NOT NULL,
    applied_at timestamp with time zone NOT NULL, applied_by text NOT NULL, run_id text NOT NULL, duration_ms bigint NOT NULL);
\set hash `sha256sum < ${root}/manifests/shop/0001_items.sql | cut -c 1-64`
INSERT INTO reconcile.migrations VALUES (1, 'items', :'hash', now(), 'postgres', 'by hand', 0);
