CREATE TABLE "cafe" (
	"id" serial PRIMARY KEY NOT NULL
);
