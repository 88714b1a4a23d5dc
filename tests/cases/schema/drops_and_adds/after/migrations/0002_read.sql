CREATE TABLE notification (
    id bigint PRIMARY KEY,
    message_id bigint REFERENCES message (id),
    read_at timestamptz
);
CREATE INDEX notification_read_at ON notification (read_at);

ALTER TABLE message
    DROP COLUMN has_been_read,
    ADD COLUMN quorum integer NOT NULL DEFAULT 2,
    ALTER COLUMN subject TYPE varchar(100);
DROP INDEX message_subject;
UPDATE message SET subject = trim(subject) WHERE subject IS NOT NULL;
