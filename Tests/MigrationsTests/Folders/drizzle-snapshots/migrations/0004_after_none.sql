CREATE TABLE "0004_after_none" (
	"id" serial PRIMARY KEY NOT NULL
);
