CREATE TABLE "right" (
	"id" serial PRIMARY KEY NOT NULL
);
