-- The old column is written no more; the next release drops it.
ALTER TABLE consultation ADD COLUMN anamnesis text;
UPDATE consultation SET anamnesis = history;
