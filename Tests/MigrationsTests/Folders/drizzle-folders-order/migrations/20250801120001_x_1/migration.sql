CREATE TABLE "x_1" (
	"id" serial PRIMARY KEY NOT NULL
);
