-- Stands in for a read replica: what is written shows in it five seconds later.
CREATE TABLE shipped (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    note consultation NOT NULL
);
CREATE FUNCTION ship() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO shipped (note) VALUES (NEW);
    RETURN NEW;
END $$;
CREATE TRIGGER ship AFTER INSERT OR UPDATE ON consultation FOR EACH ROW EXECUTE FUNCTION ship();
CREATE VIEW consultation_replica AS
SELECT DISTINCT ON ((note).id) (note).* FROM shipped
WHERE shipped.at < now() - interval '5 seconds' ORDER BY (note).id, shipped.id DESC;
