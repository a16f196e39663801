CREATE TABLE "forgotten" (
	"id" serial PRIMARY KEY NOT NULL
);
