DROP TRIGGER doctors_only ON consultation;
DROP FUNCTION doctors_only;
