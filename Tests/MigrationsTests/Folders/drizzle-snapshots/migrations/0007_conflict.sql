CREATE TABLE "0007_conflict" (
	"id" serial PRIMARY KEY NOT NULL
);
