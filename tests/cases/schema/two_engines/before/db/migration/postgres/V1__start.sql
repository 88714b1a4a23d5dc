CREATE TABLE basket (id int PRIMARY KEY, note text);
