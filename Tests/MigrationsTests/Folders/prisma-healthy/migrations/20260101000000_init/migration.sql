-- CreateTable
CREATE TABLE "Item" ("id" INTEGER NOT NULL);
