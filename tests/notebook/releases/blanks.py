"""Faulty: taking it back empties the summaries that were written with it."""

from notebook import Cursor, Notebook


class Release(Notebook):
    def roll_back(self, cursor: Cursor) -> None:
        cursor.execute("""UPDATE note SET content = '{"summary": ""}'""")
