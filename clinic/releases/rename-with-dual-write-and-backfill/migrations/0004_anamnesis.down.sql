DROP TRIGGER keep_history_alike ON consultation;
DROP FUNCTION keep_history_alike;
UPDATE consultation SET history = anamnesis WHERE history IS DISTINCT FROM anamnesis;
ALTER TABLE consultation DROP COLUMN anamnesis;
