CREATE TABLE "left" (
	"id" serial PRIMARY KEY NOT NULL
);
