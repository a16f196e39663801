CREATE TABLE c (id int);
--> statement-breakpoint CREATE TABLE d (id int);
