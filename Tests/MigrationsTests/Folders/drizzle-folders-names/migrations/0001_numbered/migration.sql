CREATE TABLE "0001_numbered" (
	"id" serial PRIMARY KEY NOT NULL
);
