-- What a note is about, for those who read many: kept by a trigger, so that no code can forget it.
CREATE TABLE summary (
    consultation_id bigint PRIMARY KEY REFERENCES consultation ON DELETE CASCADE,
    text text NOT NULL
);

CREATE FUNCTION summarise() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO summary (consultation_id, text) VALUES (NEW.id, left(coalesce(NEW.reason, ''), 80))
    ON CONFLICT (consultation_id) DO UPDATE SET text = excluded.text;
    RETURN NULL;
END $$;
CREATE TRIGGER summarise AFTER INSERT OR UPDATE ON consultation
    FOR EACH ROW EXECUTE FUNCTION summarise();
