CREATE TABLE "0008_last" (
	"id" serial PRIMARY KEY NOT NULL
);
