UPDATE consultation SET
    reason = coalesce(accepted ->> 'reason', reason),
    history = coalesce(accepted ->> 'history', history),
    examination = coalesce(accepted ->> 'examination', examination),
    conclusion = coalesce(accepted ->> 'conclusion', conclusion)
WHERE accepted IS NOT NULL;
ALTER TABLE consultation DROP COLUMN accepted;
