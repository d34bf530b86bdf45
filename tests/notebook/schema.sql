CREATE TABLE IF NOT EXISTS note (
    id uuid PRIMARY KEY,
    title varchar(200) NOT NULL,
    body text NOT NULL,               -- HTML, a <p> per line
    content jsonb NOT NULL,           -- {"summary": ...}
    effort numeric(8, 2),
    due date,
    kind text NOT NULL,
    pinned boolean NOT NULL,
    attachment text,                  -- the path of the file
    saved_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE IF NOT EXISTS line (
    note uuid NOT NULL REFERENCES note ON DELETE CASCADE,
    position integer NOT NULL,
    text text NOT NULL,
    PRIMARY KEY (note, position)
);
