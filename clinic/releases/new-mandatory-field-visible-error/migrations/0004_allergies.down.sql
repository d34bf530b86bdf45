ALTER TABLE consultation DROP COLUMN allergies;
