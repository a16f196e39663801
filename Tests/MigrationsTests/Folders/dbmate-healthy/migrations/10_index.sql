--migrate:up transaction:false
CREATE INDEX CONCURRENTLY i ON items (id);
--migrate:down
