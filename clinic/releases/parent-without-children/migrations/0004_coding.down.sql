ALTER TABLE diagnosis DROP COLUMN coding;
