-- Every earlier version of a note is kept beside it, as a row of the same table. What the
-- application knows as the table of consultations is from now on a view of the live rows.
ALTER TABLE consultation RENAME TO consultation_version;
ALTER TABLE consultation_version ADD COLUMN version_of bigint;
CREATE VIEW consultation AS
    SELECT id, patient_id, practitioner_id, request_id, reason, history, examination, conclusion,
        version, editor, sequence, created_at, updated_at, finalised_at
    FROM consultation_version WHERE version_of IS NULL;

CREATE FUNCTION keep_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO consultation_version (
        version_of, patient_id, practitioner_id, reason, history, examination, conclusion,
        version, editor, sequence, created_at, updated_at
    ) VALUES (
        OLD.id, OLD.patient_id, OLD.practitioner_id, OLD.reason, OLD.history, OLD.examination,
        OLD.conclusion, OLD.version, OLD.editor, OLD.sequence, OLD.created_at, OLD.updated_at
    );
    RETURN NEW;
END $$;
CREATE TRIGGER keep_version BEFORE UPDATE ON consultation_version
    FOR EACH ROW WHEN (OLD.version <> NEW.version) EXECUTE FUNCTION keep_version();
