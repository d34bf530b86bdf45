-- Processes of both releases run for a while, so that both columns are kept alike: what either
-- of them writes is in both. The next release drops the trigger and the old column.
ALTER TABLE consultation ADD COLUMN anamnesis text;
UPDATE consultation SET anamnesis = history;

CREATE FUNCTION keep_history_alike() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.anamnesis := coalesce(NEW.anamnesis, NEW.history);
        NEW.history := NEW.anamnesis;
    ELSIF NEW.anamnesis IS DISTINCT FROM OLD.anamnesis THEN
        NEW.history := NEW.anamnesis;
    ELSE
        NEW.anamnesis := NEW.history;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER keep_history_alike BEFORE INSERT OR UPDATE ON consultation
    FOR EACH ROW EXECUTE FUNCTION keep_history_alike();
