CREATE TABLE message (
    id bigint PRIMARY KEY,
    has_been_read boolean NOT NULL DEFAULT false,
    subject varchar(200)
);
CREATE INDEX message_subject ON message (subject);
