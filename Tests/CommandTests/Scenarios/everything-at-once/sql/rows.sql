INSERT INTO counters VALUES (0);
INSERT INTO entries (what) SELECT 'entry ' || n FROM generate_series(1, 200) n;
INSERT INTO events SELECT 2024 + n % 2, 'event ' || n FROM generate_series(1, 50) n;
