CREATE TABLE "0001_forgotten" (
	"id" serial PRIMARY KEY NOT NULL
);
