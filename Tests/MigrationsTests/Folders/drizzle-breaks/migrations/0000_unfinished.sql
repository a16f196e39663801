CREATE TABLE a (id int) -- no semicolon
--> statement-breakpoint
CREATE TABLE b (id int)
