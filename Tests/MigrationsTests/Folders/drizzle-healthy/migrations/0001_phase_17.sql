CREATE TABLE "a" (
	"id" serial PRIMARY KEY NOT NULL
);
--> statement-breakpoint
CREATE TABLE "b" (
	"id" serial PRIMARY KEY NOT NULL
);
--> statement-breakpoint
ALTER TABLE "a" ADD COLUMN "b_id" integer;--> statement-breakpoint
ALTER TABLE "a" ADD CONSTRAINT "a_b_id" FOREIGN KEY ("b_id") REFERENCES "b"("id");