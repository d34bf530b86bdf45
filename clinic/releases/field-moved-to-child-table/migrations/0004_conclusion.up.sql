-- The old column stays for the release before this one; it is dropped with the next.
CREATE TABLE conclusion (
    consultation_id bigint PRIMARY KEY REFERENCES consultation ON DELETE CASCADE,
    text text NOT NULL
);
INSERT INTO conclusion (consultation_id, text)
SELECT id, conclusion FROM consultation WHERE conclusion IS NOT NULL;
