CREATE TABLE "carried" (
	"id" serial PRIMARY KEY NOT NULL
);
