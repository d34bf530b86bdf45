DROP VIEW consultation_replica;
DROP TRIGGER ship ON consultation;
DROP FUNCTION ship;
DROP TABLE shipped;
