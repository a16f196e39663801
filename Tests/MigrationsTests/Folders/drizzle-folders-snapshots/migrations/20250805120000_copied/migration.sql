CREATE TABLE "copied" (
	"id" serial PRIMARY KEY NOT NULL
);
