CREATE TABLE readers (id integer PRIMARY KEY, email text, left_at timestamp);
CREATE TABLE loans (id integer PRIMARY KEY, reader_id integer NOT NULL, CONSTRAINT loans_reader_id_fkey FOREIGN KEY (reader_id) REFERENCES readers (id));
CREATE TABLE old_loans (id integer PRIMARY KEY, reader_id integer NOT NULL);
