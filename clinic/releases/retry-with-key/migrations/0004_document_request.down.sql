ALTER TABLE document DROP COLUMN request_id;
