SELECT regexp_replace(datname, '__rcl_.*', '__rcl_…') FROM pg_database WHERE datname ~ '^tenant' ORDER BY 1;
\c tenant_a
SELECT count(*) FROM notes;
\c tenant_c
SELECT body FROM notes;
