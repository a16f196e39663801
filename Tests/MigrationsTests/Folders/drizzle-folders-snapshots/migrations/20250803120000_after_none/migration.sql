CREATE TABLE "after_none" (
	"id" serial PRIMARY KEY NOT NULL
);
