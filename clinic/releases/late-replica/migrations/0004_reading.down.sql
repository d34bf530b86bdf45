DROP MATERIALIZED VIEW consultation_copy;
