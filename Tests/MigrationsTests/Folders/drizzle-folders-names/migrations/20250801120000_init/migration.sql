CREATE TABLE "init" (
	"id" serial PRIMARY KEY NOT NULL
);
