-- The first.
  -- Indented.

CREATE TABLE lost (id int);
-- +goose Up
SELECT 1;
