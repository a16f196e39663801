UPDATE counters SET n = n + 1;
SELECT pg_sleep(CASE WHEN EXISTS (SELECT FROM counters) THEN 6 ELSE 0 END);
