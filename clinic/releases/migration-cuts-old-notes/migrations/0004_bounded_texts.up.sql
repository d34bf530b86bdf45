-- A text that an index can hold. Longer ones are rare, and their end is seldom read.
ALTER TABLE consultation
    ALTER COLUMN reason TYPE varchar(10000) USING left(reason, 10000),
    ALTER COLUMN history TYPE varchar(10000) USING left(history, 10000),
    ALTER COLUMN examination TYPE varchar(10000) USING left(examination, 10000),
    ALTER COLUMN conclusion TYPE varchar(10000) USING left(conclusion, 10000);
