UPDATE "counters" SET "n" = "n" + 1;
--> statement-breakpoint
INSERT INTO "entries" ("what") VALUES ('counted');
--> statement-breakpoint
ALTER TABLE "entries" ADD COLUMN "more" text;
