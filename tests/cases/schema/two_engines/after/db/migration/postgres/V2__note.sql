ALTER TABLE basket RENAME COLUMN note TO remark;
ALTER TABLE basket ADD COLUMN gift boolean;
ALTER TABLE basket ADD COLUMN gift_note text;
