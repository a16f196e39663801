CREATE TABLE "0002_right" (
	"id" serial PRIMARY KEY NOT NULL
);
