DROP TRIGGER summarise ON consultation;
DROP FUNCTION summarise;
DROP TABLE summary;
