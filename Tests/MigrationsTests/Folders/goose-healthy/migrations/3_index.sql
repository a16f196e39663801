-- +goose NO TRANSACTION
-- +goose up
CREATE INDEX CONCURRENTLY i ON items (id);
