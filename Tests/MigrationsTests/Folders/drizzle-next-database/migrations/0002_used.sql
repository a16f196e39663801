-- 'paused' in a comment is no use of it
CREATE TABLE "jobs" ("id" serial);
--> statement-breakpoint
ALTER TABLE "jobs" ADD COLUMN "state" "state" DEFAULT 'paused';
--> statement-breakpoint
UPDATE "jobs" SET "state" = 'paused';