-- migrate:up
SELECT 1;
-- migrate:down is done below
SELECT 2;
