ALTER TABLE consultation ADD COLUMN findings text;
UPDATE consultation SET findings = examination;
