CREATE TABLE "t_0001_ours" ("id" integer);
