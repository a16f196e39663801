CREATE TABLE "0001_more" (
	"id" serial PRIMARY KEY NOT NULL
);
