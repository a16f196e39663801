CREATE TYPE "public"."state" AS ENUM('open', 'closed');
--> statement-breakpoint
CREATE TABLE "notes" (
	"id" serial PRIMARY KEY NOT NULL,
	"body" text NOT NULL,
	"state" "state" DEFAULT 'open' NOT NULL
);
