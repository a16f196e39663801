CREATE TABLE "0005_deleted_before" (
	"id" serial PRIMARY KEY NOT NULL
);
