-- Texts that were accepted and wait for the worker to write them.
CREATE TABLE waiting (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    consultation_id bigint NOT NULL REFERENCES consultation ON DELETE CASCADE,
    reason text,
    history text,
    examination text,
    conclusion text
);
