CREATE TABLE "join" (
	"id" serial PRIMARY KEY NOT NULL
);
