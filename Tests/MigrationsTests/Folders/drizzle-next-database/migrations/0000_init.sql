CREATE TYPE "state" AS ENUM('open', 'done');
--> statement-breakpoint
CREATE ROLE "reader" NOLOGIN;
--> statement-breakpoint
CREATE USER MAPPING FOR "reader" SERVER "other";
