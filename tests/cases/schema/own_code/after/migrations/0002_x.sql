DO $$
BEGIN
    EXECUTE format('ALTER TABLE %I ADD COLUMN x int', current_schema());
END $$;
CREATE TYPE mood AS ENUM ('good', 'bad');
ALTER TYPE size ADD VALUE 'huge';
CREATE VIEW recent AS SELECT 1;
TRUNCATE TABLE visit;
