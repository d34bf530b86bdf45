"""Removes a probe's records by the plan's statements, where they are proved to stand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import psycopg
from psycopg import Rollback

from harness.canary.looking import keys_of
from harness.canary.recognising import recognise
from harness.checks.history import History
from harness.errors import StorageUnreadable
from harness.model import Form, Key, Role
from harness.observations import Row
from harness.plan.schema import CleanTable
from harness.storage import Keys
from harness.storage.connection import Connection, changing, told
from harness.storage.postgres import PostgresSnapshot

CONNECT_S_MAX = 5
STATEMENT_S_MAX = 10
Place: TypeAlias = tuple[str, Key]


@dataclass(frozen=True, slots=True)
class Remover:
    """The statements for what one deployment's probe wrote.

    A statement has a database of its own, and nobody knows whether it is the one that the probe
    was looked up in: a row is removed only where this database proves it as well.
    """

    history: History
    role: Role
    tag: str
    forms: Mapping[Role, Mapping[str, Form]]
    clean: Mapping[str, CleanTable]
    folder: Path

    def prove(self, places: Iterable[Place]) -> tuple[dict[Place, Row], list[str]]:
        """Those that their statement's database proves, as they stand there; why others are not.

        Asked before anything is removed: the row that proves another one may go first.
        """
        proved: dict[Place, Row] = {}
        said: list[str] = []
        by_form: dict[str, list[Place]] = {}
        for place in places:
            by_form.setdefault(place[0], []).append(place)
        for form, here in by_form.items():
            try:
                rows = self._rows(form)
            except (StorageUnreadable, psycopg.Error) as error:
                said += [f"{_named(p)}: the plan's statement failed: {self._told(p, error)}"
                         for p in here]  # fmt: skip
                continue
            mine = recognise(self.history, self.role, self.tag, self.forms, rows, self.clean).mine
            standing = {(form, row.key): row for row in rows.get(form, ())}
            proved |= {place: standing[place] for place in here if place in mine}
            said += [
                f"{_named(place)}: the database of the plan's statement holds nothing that proves "
                "it to be the probe's own, and nothing is removed there"
                for place in here
                if place not in mine
            ]
        return proved, said

    def remove(self, place: Place, proof: Row) -> list[str]:
        """Run the statement for one row that was proved; why it stays, if it does.

        The row is read and removed in one snapshot. Whatever touches more or something else, and
        a row that somebody has changed meanwhile, is undone.
        """
        table = self.clean[place[0]]
        said: list[str] = []
        try:
            with changing(str(table.url), CONNECT_S_MAX, STATEMENT_S_MAX) as connection:
                said = self._remove(connection, table, place, proof)
                if said:
                    raise Rollback
        except (StorageUnreadable, psycopg.Error) as error:
            return [f"{_named(place)}: the plan's statement failed: {self._told(place, error)}"]
        return said

    def _remove(
        self, connection: Connection, table: CleanTable, place: Place, proof: Row
    ) -> list[str]:
        where = _named(place)
        row = self._read(connection, place)
        if row is None:
            return []
        if row != proof and not self._proves_itself(place, row):
            return [f"{where} is not what was proved any longer, and is left alone"]
        statement = str(table.statement).encode()
        touched_n = connection.execute(statement, list(place[1])).rowcount
        if touched_n > 1:
            return [f"{where}: the plan's statement touched {touched_n} rows, and was undone"]
        if touched_n == 1 and self._read(connection, place) is not None:
            return [f"{where}: the plan's statement touched another row, and was undone"]
        return []

    def _proves_itself(self, place: Place, row: Row) -> bool:
        rows = {place[0]: (row,)}
        return place in recognise(self.history, self.role, self.tag, self.forms, rows, {}).mine

    def _rows(self, form: str) -> dict[str, tuple[Row, ...]]:
        """The probe's rows of a form and of those that prove it, in its statement's database."""
        table, forms = self.clean[form], self.forms[self.role]
        names = [form, *(n for n in table.proved_by if n in forms)]
        here = [forms[name] for name in names if forms[name].storage == forms[form].storage]
        keys = keys_of(self.history, self.role)
        url = str(table.url)
        with changing(url, CONNECT_S_MAX, STATEMENT_S_MAX) as connection:
            snapshot = PostgresSnapshot(connection, url, self.folder)
            return {
                one.name: tuple(snapshot.observe(one, Keys(keys.get(one.name, ()), ())))
                for one in here
            }

    def _read(self, connection: Connection, place: Place) -> Row | None:
        form = self.forms[self.role][place[0]]
        snapshot = PostgresSnapshot(connection, str(self.clean[place[0]].url), self.folder)
        return next(iter(list(snapshot.observe(form, Keys((place[1],), ())))), None)

    def _told(self, place: Place, error: Exception) -> str:
        return told(error, str(self.clean[place[0]].url))


def _named(place: Place) -> str:
    return f"{place[0]} {'/'.join(place[1])}"
