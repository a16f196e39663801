CREATE TYPE "public"."ai_credit_source" AS ENUM('plan', 'purchase', 'grant');--> statement-breakpoint
CREATE TABLE "ai_credits" (
	"id" serial PRIMARY KEY NOT NULL,
	"organization_id" integer NOT NULL,
	"source" "ai_credit_source" DEFAULT 'plan' NOT NULL,
	"granted" integer NOT NULL,
	"used" integer DEFAULT 0 NOT NULL,
	"period_start" date NOT NULL,
	"period_end" date NOT NULL,
	"metadata" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "ai_credits_period_unique" UNIQUE("organization_id","source","period_start"),
	CONSTRAINT "ai_credits_used_check" CHECK ("ai_credits"."used" between 0 and "ai_credits"."granted")
);
--> statement-breakpoint
ALTER TABLE "ai_credits" ADD CONSTRAINT "ai_credits_organization_id_organizations_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organizations"("id") ON DELETE cascade ON UPDATE no action;