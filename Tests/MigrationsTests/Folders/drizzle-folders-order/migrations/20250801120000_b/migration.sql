CREATE TABLE "b" (
	"id" serial PRIMARY KEY NOT NULL
);
