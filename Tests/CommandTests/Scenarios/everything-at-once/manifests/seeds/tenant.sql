INSERT INTO entries (what) VALUES ('seeded');
