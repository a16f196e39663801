-- migrate:up
SELECT 1;
-- migrate:down 
SELECT 2;
  -- migrate:down
-- Migrate:down
-- migrate:downs are below
-- migrate:down
SELECT 3;
