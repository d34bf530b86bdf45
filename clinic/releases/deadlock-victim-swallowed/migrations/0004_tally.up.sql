CREATE TABLE tally (
    name text PRIMARY KEY,
    saves bigint NOT NULL DEFAULT 0
);
