UPDATE consultation SET history = anamnesis;
ALTER TABLE consultation DROP COLUMN anamnesis;
