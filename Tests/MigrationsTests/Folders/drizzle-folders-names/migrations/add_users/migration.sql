CREATE TABLE "add_users" (
	"id" serial PRIMARY KEY NOT NULL
);
