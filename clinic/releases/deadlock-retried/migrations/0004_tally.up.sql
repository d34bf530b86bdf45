CREATE TABLE tally (
    name text PRIMARY KEY,
    saves bigint NOT NULL DEFAULT 0
);
INSERT INTO tally (name) SELECT 'practice ' || id FROM practice;
