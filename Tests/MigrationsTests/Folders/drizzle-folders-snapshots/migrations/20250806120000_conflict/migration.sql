CREATE TABLE "conflict" (
	"id" serial PRIMARY KEY NOT NULL
);
