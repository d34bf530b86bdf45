ALTER TABLE consultation DROP COLUMN findings;
