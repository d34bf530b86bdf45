-- Written in the transaction of the event itself, so that every event is announced, once it is true.
CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL,
    recipient_kind text NOT NULL CHECK (recipient_kind IN ('patient', 'practitioner')),
    recipient_id bigint NOT NULL,
    message text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    delivered_at timestamptz
);
CREATE INDEX outbox_waiting ON outbox (id) WHERE delivered_at IS NULL;

CREATE TABLE inbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    outbox_id bigint NOT NULL UNIQUE REFERENCES outbox,
    kind text NOT NULL,
    recipient_kind text NOT NULL CHECK (recipient_kind IN ('patient', 'practitioner')),
    recipient_id bigint NOT NULL,
    message text NOT NULL,
    delivered_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX inbox_of_recipient ON inbox (recipient_kind, recipient_id, id);
