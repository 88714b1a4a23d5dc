CREATE TABLE a (b int, c int);
CREATE INDEX a_b ON a (b);
