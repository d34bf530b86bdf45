ALTER TABLE diagnosis DROP CONSTRAINT diagnosis_is_official;
DROP TABLE official_code;
