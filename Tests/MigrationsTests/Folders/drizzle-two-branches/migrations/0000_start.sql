CREATE TABLE "t_0000_start" ("id" integer);
