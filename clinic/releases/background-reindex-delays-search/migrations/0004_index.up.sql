CREATE TABLE note_index (
    consultation_id bigint PRIMARY KEY REFERENCES consultation ON DELETE CASCADE,
    about text NOT NULL
);
