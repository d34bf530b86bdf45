-- The record is kept by doctors.
CREATE FUNCTION doctors_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM practitioner WHERE id = NEW.practitioner_id AND role = 'doctor') THEN
        RETURN NEW;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER doctors_only BEFORE UPDATE ON consultation
    FOR EACH ROW EXECUTE FUNCTION doctors_only();
