ALTER TABLE "accounts" DROP COLUMN "name";
--> statement-breakpoint
INSERT INTO "tenants" ("database_name") VALUES ('counted');
