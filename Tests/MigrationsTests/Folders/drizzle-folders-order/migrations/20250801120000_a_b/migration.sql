CREATE TABLE "a_b" (
	"id" serial PRIMARY KEY NOT NULL
);
