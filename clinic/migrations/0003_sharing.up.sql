-- Shares set aside by an earlier way back return; otherwise the table is new.
DO $$
BEGIN
    IF to_regclass('set_aside.share') IS NOT NULL THEN
        ALTER TABLE set_aside.share SET SCHEMA public;
    ELSE
        CREATE TABLE share (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            document_id bigint NOT NULL REFERENCES document ON DELETE CASCADE,
            consultation_id bigint NOT NULL REFERENCES consultation ON DELETE CASCADE,
            recipient_kind text NOT NULL CHECK (recipient_kind IN ('patient', 'practitioner')),
            recipient_id bigint NOT NULL,
            shared_by bigint NOT NULL REFERENCES practitioner,
            created_at timestamptz NOT NULL DEFAULT now(),
            revoked_at timestamptz
        );
        CREATE UNIQUE INDEX share_in_force ON share (document_id, recipient_kind, recipient_id)
            WHERE revoked_at IS NULL;
        CREATE INDEX share_of_consultation ON share (consultation_id);
        CREATE INDEX share_of_recipient ON share (recipient_kind, recipient_id);
    END IF;
END $$;
