-- Texts that were accepted and wait for the worker, which writes a partition in its order.
CREATE TABLE waiting (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    partition int NOT NULL,
    consultation_id bigint NOT NULL REFERENCES consultation ON DELETE CASCADE,
    reason text,
    history text,
    examination text,
    conclusion text
);
