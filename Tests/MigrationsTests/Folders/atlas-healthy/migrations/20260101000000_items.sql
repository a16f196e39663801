-- Create "items" table
CREATE TABLE "items" ("id" int);
