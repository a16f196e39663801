CREATE TABLE "t_0003_later" ("id" integer);
