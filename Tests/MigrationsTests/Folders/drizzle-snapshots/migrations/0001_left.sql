CREATE TABLE "0001_left" (
	"id" serial PRIMARY KEY NOT NULL
);
