"""Faulty: its migration gives the effort a wider column, and leaves what stood in the old one."""

from notebook import Cursor, Notebook


class Release(Notebook):
    def migrate(self, cursor: Cursor) -> None:
        super().migrate(cursor)
        cursor.execute("ALTER TABLE note DROP COLUMN effort")
        cursor.execute("ALTER TABLE note ADD COLUMN effort numeric(10, 2)")
