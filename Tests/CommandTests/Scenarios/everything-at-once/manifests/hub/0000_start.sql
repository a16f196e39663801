CREATE TYPE "public"."state" AS ENUM('open', 'closed');
--> statement-breakpoint
CREATE TABLE "hub_marker" (
	"id" serial PRIMARY KEY NOT NULL
);
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
