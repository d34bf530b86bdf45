ALTER TABLE document ADD COLUMN request_id text UNIQUE;
