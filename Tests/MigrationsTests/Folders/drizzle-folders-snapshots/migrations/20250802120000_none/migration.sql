CREATE TABLE "none" (
	"id" serial PRIMARY KEY NOT NULL
);
