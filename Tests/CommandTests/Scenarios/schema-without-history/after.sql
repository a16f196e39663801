\c tenant_a
SELECT body FROM notes;
