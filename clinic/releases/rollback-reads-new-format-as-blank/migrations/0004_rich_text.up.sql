-- One place for a text and no copy that could differ: the old column is emptied.
ALTER TABLE consultation ADD COLUMN IF NOT EXISTS examination_document text;
UPDATE consultation SET
    examination_document = json_build_object('text', examination, 'marks', '[]'::json),
    examination = NULL
WHERE examination IS NOT NULL;
