-- reconcile: no-transactions
SELECT 1;
