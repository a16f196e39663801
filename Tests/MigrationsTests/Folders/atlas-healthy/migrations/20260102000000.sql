-- atlas:txmode none

CREATE INDEX CONCURRENTLY i ON items (id);
SELECT 1;
