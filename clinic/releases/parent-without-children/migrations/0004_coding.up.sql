-- What the exchange with hospitals needs of a diagnosis.
ALTER TABLE diagnosis ADD COLUMN coding jsonb;
