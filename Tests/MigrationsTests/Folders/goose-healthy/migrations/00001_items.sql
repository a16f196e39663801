-- +goose Up
CREATE TABLE items (id int);

-- +goose Down
DROP TABLE items;
