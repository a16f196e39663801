SELECT 'not \one';
\set password hunter2
\i other.sql
SELECT 1 \gexec
BEGIN;
SELECT $$
\! rm -rf /
$$, E'\\';
-- \echo
/*
\q
*/
COPY a FROM stdin;
\N	\\
\.
\.
