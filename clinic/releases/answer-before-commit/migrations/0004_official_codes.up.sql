-- Checked at the commit: a list may be loaded after the notes that use it.
CREATE TABLE official_code (code text PRIMARY KEY);
INSERT INTO official_code
VALUES ('D50.9'), ('I10'), ('J06.9'), ('L20.9'), ('M54.5'), ('Z00.0'), ('Z23');
ALTER TABLE diagnosis ADD CONSTRAINT diagnosis_is_official
    FOREIGN KEY (code) REFERENCES official_code DEFERRABLE INITIALLY DEFERRED NOT VALID;
