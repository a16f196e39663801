SELECT current_database(), 'counter', (SELECT coalesce(sum(n), -1) FROM counters),
    'rows', (SELECT string_agg(what || ' x ' || count, ', ' ORDER BY what) FROM (SELECT what, count(*) FROM entries WHERE what !~ '^entry' GROUP BY what) AS e),
    'entries', (SELECT count(*) FROM entries WHERE what ~ '^entry'),
    'index', (SELECT string_agg(indisvalid::text, ',') FROM pg_index i JOIN pg_class c ON c.oid = indexrelid WHERE relname = 'entries_what_idx'),
    'invalid', (SELECT count(*) FROM pg_index WHERE NOT indisvalid),
    'intents', (SELECT count(*) FROM reconcile.marks WHERE key = 'intent'),
    'labels', (SELECT array_agg(enumlabel ORDER BY enumsortorder) FROM pg_enum),
    'history', (SELECT count(*) || '/' || count(DISTINCT hash) FROM drizzle.__drizzle_migrations);
