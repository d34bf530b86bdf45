-- A note that was written before stays as it is until somebody saves it again.
ALTER TABLE consultation
    ADD COLUMN allergies text,
    ADD CONSTRAINT allergies_known
        CHECK (version = 1 OR coalesce(allergies, '') <> '') NOT VALID;
