-- The first.
-- migrate:up
CREATE TABLE items (id int);

-- migrate:down
DROP TABLE items;
