CREATE TABLE "café" (
	"id" serial PRIMARY KEY NOT NULL
);
