-- migrate:up
SELECT 1;
-- migrate:up transaction:false
SELECT 2;
-- migrate:down
