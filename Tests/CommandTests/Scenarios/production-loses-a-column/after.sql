\c hub
SELECT count(*), min(id), max(id) FROM accounts;
SELECT database_name FROM tenants;
