CREATE TABLE "future" (
	"id" serial PRIMARY KEY NOT NULL
);
