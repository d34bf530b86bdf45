ALTER TABLE share ADD COLUMN note jsonb;
