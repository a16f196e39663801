CREATE TABLE "anew" (
	"id" serial PRIMARY KEY NOT NULL
);
