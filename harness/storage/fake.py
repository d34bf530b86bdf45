"""A storage that is a mapping: for tests of whatever reads one."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager

from harness.model import Form
from harness.observations import TABLE, Row
from harness.storage.scope import EveryRow, Scope


class FakeStorage:
    """Rows by form and columns by table; rows may be changed between two snapshots."""

    def __init__(
        self,
        rows: Mapping[str, Sequence[Row]],
        columns: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        self.rows = {form: list(found) for form, found in rows.items()}
        self.tables = dict(columns or {})

    @contextmanager
    def snapshot(self) -> Iterator[FakeStorage]:
        """A copy that later changes do not reach."""
        yield FakeStorage(self.rows, self.tables)

    def observe(self, form: Form, scope: Scope) -> Iterator[Row]:
        """The rows given for that form, as far as the scope reaches."""
        for row in self.rows.get(form.name, ()):
            if isinstance(scope, EveryRow) or row.key in scope.keys or _holds(row, scope.tokens):
                yield row

    def columns(self, form: Form) -> Mapping[str, tuple[str, ...]]:
        """The columns given for the form's tables; none where none were given."""
        tables = form.tables or ((form.table,) if form.table else ())
        return {table: self.tables.get(table, ()) for table in tables}

    def beside(self, form: Form, table: str, columns: Collection[str]) -> Iterator[Row]:
        """The rows given for that table, whatever they hold."""
        yield from self.rows.get(f"{TABLE}{table}", ())


def _holds(row: Row, tokens: tuple[str, ...]) -> bool:
    texts = [value for value in row.fields.values() if isinstance(value, str)]
    return any(token in text for token in tokens for text in texts)
