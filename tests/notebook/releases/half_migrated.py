"""Faulty: its migration asks of every row what none of those has that were written before."""

from notebook import Cursor, Notebook


class Release(Notebook):
    def migrate(self, cursor: Cursor) -> None:
        super().migrate(cursor)
        cursor.execute("ALTER TABLE note ADD COLUMN IF NOT EXISTS owner text DEFAULT 'nobody'")
        cursor.connection.commit()
        cursor.execute("SELECT count(*) AS n FROM note")
        row = cursor.fetchone()
        if row and row["n"]:
            cursor.execute("ALTER TABLE note ADD CHECK (owner <> 'nobody')")
