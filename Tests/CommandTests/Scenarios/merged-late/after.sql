\c tenant_a
SELECT body, pinned FROM notes;
