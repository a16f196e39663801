CREATE TABLE counters (n int NOT NULL);
