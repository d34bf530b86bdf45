-- The old column is written as well, for the release before this one; it is dropped with the next.
ALTER TABLE consultation ADD COLUMN IF NOT EXISTS examination_document text;
