-- A text that an index can hold. Longer ones are rare, and their end is seldom read.
ALTER TABLE consultation
    ALTER COLUMN reason TYPE varchar(1000) USING left(reason, 1000),
    ALTER COLUMN history TYPE varchar(1000) USING left(history, 1000),
    ALTER COLUMN examination TYPE varchar(1000) USING left(examination, 1000),
    ALTER COLUMN conclusion TYPE varchar(1000) USING left(conclusion, 1000);
