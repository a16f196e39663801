CREATE TABLE "0000_init" (
	"id" serial PRIMARY KEY NOT NULL
);
