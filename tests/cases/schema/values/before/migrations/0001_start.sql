CREATE TABLE author (id bigint PRIMARY KEY, name text NOT NULL, nick text NOT NULL, born varchar(20), rank integer DEFAULT 1);
CREATE TABLE book (id bigint PRIMARY KEY, author_id bigint, isbn text, title text, CONSTRAINT book_isbn UNIQUE (isbn));
CREATE TABLE draft (id bigint PRIMARY KEY, body text);
CREATE TABLE shelf (id bigint PRIMARY KEY, place text);
