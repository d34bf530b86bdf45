DROP VIEW consultation;
DROP TRIGGER keep_version ON consultation_version;
DROP FUNCTION keep_version;
DELETE FROM consultation_version WHERE version_of IS NOT NULL;
ALTER TABLE consultation_version DROP COLUMN version_of;
ALTER TABLE consultation_version RENAME TO consultation;
