-- RedefineTables
PRAGMA foreign_keys=OFF;
CREATE TABLE "new_Shop" ("id" INTEGER NOT NULL PRIMARY KEY, "name" TEXT, "city" TEXT NOT NULL DEFAULT 'Oslo');
INSERT INTO "new_Shop" ("id", "name") SELECT "id", "name" FROM "Shop";
DROP TABLE "Shop";
ALTER TABLE "new_Shop" RENAME TO "Shop";
PRAGMA foreign_keys=ON;
