DO $$
DECLARE
    one waiting;
BEGIN
    FOR one IN SELECT * FROM waiting ORDER BY id LOOP
        UPDATE consultation SET
            reason = coalesce(one.reason, reason),
            history = coalesce(one.history, history),
            examination = coalesce(one.examination, examination),
            conclusion = coalesce(one.conclusion, conclusion)
        WHERE id = one.consultation_id;
    END LOOP;
END $$;
DROP TABLE waiting;
