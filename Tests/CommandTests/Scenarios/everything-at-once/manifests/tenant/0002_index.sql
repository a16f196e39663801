-- reconcile: no-transaction
INSERT INTO "entries" ("what") VALUES ('before the index');
--> statement-breakpoint
CREATE INDEX CONCURRENTLY "entries_what_idx" ON "entries" ("what");
--> statement-breakpoint
INSERT INTO "entries" ("what") VALUES ('after the index');
