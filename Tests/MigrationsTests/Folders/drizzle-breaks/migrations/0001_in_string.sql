INSERT INTO a VALUES ('
--> statement-breakpoint
');
