ALTER TABLE consultation
    ALTER COLUMN reason TYPE text,
    ALTER COLUMN history TYPE text,
    ALTER COLUMN examination TYPE text,
    ALTER COLUMN conclusion TYPE text;
