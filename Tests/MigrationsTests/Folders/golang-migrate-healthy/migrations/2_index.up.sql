-- One statement that no transaction takes.
CREATE UNIQUE INDEX CONCURRENTLY items_id ON items (id);
