ALTER TABLE author ALTER COLUMN born TYPE text;
ALTER TABLE author ALTER COLUMN nick DROP NOT NULL;
ALTER TABLE author ALTER COLUMN rank SET DEFAULT 5;
INSERT INTO author (id, name) VALUES (1, 'Anonymous');
CREATE TABLE label (id bigint, name text);
INSERT INTO label SELECT id, title FROM book;
ALTER TABLE book ADD COLUMN slug text;
UPDATE book SET slug = title;
ALTER TABLE book ALTER COLUMN slug SET NOT NULL;
