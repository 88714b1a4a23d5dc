ALTER TABLE loans DROP CONSTRAINT loans_reader_id_fkey;
ALTER TABLE loans ADD CONSTRAINT loans_reader_id_fkey FOREIGN KEY (reader_id) REFERENCES readers (id) ON DELETE CASCADE;
INSERT INTO loans (id, reader_id) SELECT id, reader_id FROM old_loans;
CREATE UNIQUE INDEX readers_email ON readers (email) WHERE left_at IS NULL;
