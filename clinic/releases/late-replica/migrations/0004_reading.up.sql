-- Readers outnumber writers by far: they get a copy of their own.
CREATE MATERIALIZED VIEW consultation_copy AS SELECT * FROM consultation;
CREATE UNIQUE INDEX consultation_copy_id ON consultation_copy (id);
