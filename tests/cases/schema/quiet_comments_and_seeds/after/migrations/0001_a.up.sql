-- makes the table
CREATE TABLE a (
    b int
);
