SELECT 1;
-- reconcile: no-transaction
SELECT 2;
