CREATE TABLE "last" (
	"id" serial PRIMARY KEY NOT NULL
);
