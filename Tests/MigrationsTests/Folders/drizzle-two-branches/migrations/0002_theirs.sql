CREATE TABLE "t_0002_theirs" ("id" integer);
