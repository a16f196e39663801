CREATE TABLE "older" (
	"id" serial PRIMARY KEY NOT NULL
);
