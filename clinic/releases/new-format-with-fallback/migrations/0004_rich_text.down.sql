ALTER TABLE consultation DROP COLUMN examination_document;
