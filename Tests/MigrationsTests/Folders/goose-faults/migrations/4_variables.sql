-- +goose Up
-- +goose ENVSUBST ON
SELECT '${HOME}';
