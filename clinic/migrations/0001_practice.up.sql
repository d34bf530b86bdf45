CREATE TABLE practice (
    id bigint PRIMARY KEY,
    name text NOT NULL
);

CREATE TABLE practitioner (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    practice_id bigint NOT NULL REFERENCES practice,
    login text NOT NULL UNIQUE,
    password text NOT NULL,
    name text NOT NULL,
    role text NOT NULL CHECK (role IN ('doctor', 'locum', 'assistant')),
    language text NOT NULL DEFAULT 'en' CHECK (language IN ('en', 'fr'))
);

CREATE TABLE patient (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    practice_id bigint NOT NULL REFERENCES practice,
    login text NOT NULL UNIQUE,
    password text NOT NULL,
    name text NOT NULL,
    born_on date NOT NULL
);

-- A save rewrites the row: free room on the page keeps the new version beside the old one.
CREATE TABLE consultation (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    patient_id bigint NOT NULL REFERENCES patient,
    practitioner_id bigint NOT NULL REFERENCES practitioner,
    request_id text UNIQUE,
    reason text,
    history text,
    examination text,
    conclusion text,
    version bigint NOT NULL DEFAULT 1,
    editor text,
    sequence bigint,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    finalised_at timestamptz
) WITH (fillfactor = 60);
CREATE INDEX consultation_of_patient ON consultation (patient_id);

CREATE TABLE diagnosis (
    consultation_id bigint NOT NULL REFERENCES consultation ON DELETE CASCADE,
    position int NOT NULL CHECK (position > 0),
    code text NOT NULL,
    label text NOT NULL,
    PRIMARY KEY (consultation_id, position)
);

CREATE TABLE document (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    consultation_id bigint NOT NULL REFERENCES consultation ON DELETE CASCADE,
    kind text NOT NULL CHECK (kind IN ('upload', 'prescription')),
    title text NOT NULL,
    media_type text NOT NULL,
    content bytea NOT NULL,
    created_by bigint NOT NULL REFERENCES practitioner,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX document_of_consultation ON document (consultation_id);
