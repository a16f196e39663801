ALTER TABLE items ADD COLUMN price numeric(10, 2);
CREATE TABLE orders (id int PRIMARY KEY, item int REFERENCES items);
