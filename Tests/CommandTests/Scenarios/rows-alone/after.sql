\c shop
SELECT n FROM counters;
SELECT version, name FROM reconcile.migrations ORDER BY 1;
