CREATE TABLE "0003_none" (
	"id" serial PRIMARY KEY NOT NULL
);
