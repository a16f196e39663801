CREATE TABLE "tags" (
	"id" serial PRIMARY KEY NOT NULL
);
--> statement-breakpoint
CREATE INDEX "tags_id" ON "tags" ("id");