CREATE TABLE "deleted_before" (
	"id" serial PRIMARY KEY NOT NULL
);
