CREATE TYPE "public"."state" AS ENUM('open', 'closed');
--> statement-breakpoint
CREATE TABLE "counters" (
	"n" integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE "entries" (
	"id" serial PRIMARY KEY NOT NULL,
	"what" text NOT NULL,
	"state" "state" DEFAULT 'open' NOT NULL
);
--> statement-breakpoint
CREATE TABLE "events" (
	"year" integer NOT NULL,
	"what" text NOT NULL
) PARTITION BY LIST ("year");
--> statement-breakpoint
CREATE TABLE "events_2024" PARTITION OF "events" FOR VALUES IN (2024);
--> statement-breakpoint
CREATE TABLE "events_2025" PARTITION OF "events" FOR VALUES IN (2025);
