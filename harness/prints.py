"""A read of storage of which only fingerprints are kept: a line per row, however many there are.

``ID.prints`` opens with a line of JSON that names the schema, the read and each form's fields.
Then, one blank apart, ``FORM KEY FINGERPRINT ... REST``: the form by its place in the first line,
the key percent-encoded, a fingerprint per field, and a digest of the row's other columns, ``-``
where there are none. The last line is ``. ENDED_S ROWS_N``; without it the read was cut.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from harness.contracts import fingerprint
from harness.errors import EnvironmentBroken, RecordUnreadable
from harness.journal.volume import key_word
from harness.model import Form
from harness.observations import Purpose, Row

SCHEMA = "harness.prints/2"
SUFFIX = ".prints"
_TAIL_BYTES = 64
NO_REST = "-"


class PrintRow(NamedTuple):
    """One row; key is one word, as :func:`harness.journal.volume.key_word` spells it."""

    form: str
    key: str
    prints: tuple[str, ...]
    rest: str = ""


@dataclass(frozen=True, slots=True)
class Prints:
    """One read, kept in a file and streamed from it; fields names each form's, in their order."""

    path: Path
    id: str
    purpose: Purpose
    began_s: float
    ended_s: float
    rows_n: int
    fields: Mapping[str, tuple[str, ...]]

    @property
    def load(self) -> str:
        """The load around which it was read."""
        return load_of(self.id)

    def rows(self) -> Iterator[PrintRow]:
        """Every row, in no order; raises RecordUnreadable."""
        names = list(self.fields)
        widths = [len(fields) + 3 for fields in self.fields.values()]
        found_n = 0
        try:
            with self.path.open(encoding="ascii") as stream:
                next(stream)
                for line in stream:
                    words = line[:-1].split(" ")
                    if words[0] == ".":
                        break
                    if len(words) != widths[int(words[0])]:
                        raise ValueError(f"row {found_n + 1} has {len(words)} words")
                    yield row_of(words, names)
                    found_n += 1
            if found_n != self.rows_n:
                raise ValueError(f"{self.rows_n} rows promised, {found_n} there")
        except (OSError, ValueError, IndexError) as error:
            raise _unreadable(self.path, error) from error


def row_of(words: Sequence[str], forms: Sequence[str]) -> PrintRow:
    """The row that a line's words tell of; raises ValueError or IndexError where they tell none."""
    rest = words[-1]
    return PrintRow(
        forms[int(words[0])], words[1], tuple(words[2:-1]), "" if rest == NO_REST else rest
    )


def line_of(row: PrintRow) -> str:
    """A row's line without the form it is of."""
    return " ".join((row.key, *row.prints, row.rest or NO_REST))


def load_of(read: str) -> str:
    """The load of a read, by its id, which is ``NUMBER-LOAD-PURPOSE``."""
    return read.partition("-")[2].rpartition("-")[0]


def printed(row: Row, form: Form) -> PrintRow:
    """A row of which only the fingerprints stay."""
    prints = tuple(
        fingerprint(row.fields[spec.name], spec.contract, spec.kind) for spec in form.fields
    )
    return PrintRow(form.name, key_word(row.key), prints, row.rest)


class PrintsWriter:
    """Writes one read as it is streamed; what is not closed whole is no read.

    Raises EnvironmentBroken where the file cannot be written.
    """

    def __init__(
        self,
        folder: Path,
        forms: Mapping[str, Form],
        *,
        id: str,  # noqa: A002 - the observation's own word for it
        role: str,
        purpose: Purpose,
        began_s: float,
    ) -> None:
        self.path = folder / f"{id}{SUFFIX}"
        self._part = self.path.with_suffix(".part")
        self._places = {name: str(place) for place, name in enumerate(forms)}
        self._rows_n = 0
        head = {
            "schema": SCHEMA,
            "id": id,
            "role": role,
            "purpose": purpose,
            "began_s": began_s,
            "forms": {name: [spec.name for spec in form.fields] for name, form in forms.items()},
        }
        try:
            self._stream = self._part.open("w", encoding="ascii")
            self._stream.write(json.dumps(head) + "\n")
        except OSError as error:
            raise self._broken(error) from error

    def write(self, rows: Iterable[PrintRow]) -> None:
        """Append rows as they come."""
        try:
            for row in rows:
                self._stream.write(f"{self._places[row.form]} {line_of(row)}\n")
                self._rows_n += 1
        except OSError as error:
            raise self._broken(error) from error

    def write_lines(self, form: str, lines: Iterable[Sequence[str]]) -> None:
        """Append rows of a form, some at a time, each of which :func:`line_of` made."""
        place = self._places[form]
        between = f"\n{place} "
        try:
            for some in lines:
                # In one call: there are very many lines.
                self._stream.write(f"{place} {between.join(some)}\n" if some else "")
                self._rows_n += len(some)
        except OSError as error:
            raise self._broken(error) from error

    def close(self, ended_s: float) -> Path:
        """The read is whole, and ended then."""
        try:
            with self._stream as stream:
                stream.write(f". {ended_s!r} {self._rows_n}\n")
            self._part.replace(self.path)
        except OSError as error:
            raise self._broken(error) from error
        return self.path

    def _broken(self, error: OSError) -> EnvironmentBroken:
        return EnvironmentBroken(f"the observation {self.path} cannot be written: {error}")


def find_prints(folder: Path) -> list[Prints]:
    """Every such read of a run, in the order of its time; raises RecordUnreadable."""
    found = [_open(path) for path in sorted(folder.glob(f"*{SUFFIX}"))]
    return sorted(found, key=lambda prints: (prints.began_s, prints.id))


def _open(path: Path) -> Prints:
    try:
        with path.open("rb") as stream:
            head = json.loads(stream.readline())
            if head["schema"] != SCHEMA:
                raise ValueError(f"written as {head['schema']!r}, this harness reads {SCHEMA!r}")
            size = stream.seek(0, os.SEEK_END)
            stream.seek(max(0, size - _TAIL_BYTES))
            *_, last = stream.read().decode("ascii").splitlines()
        mark, ended_s, rows_n = last.split(" ")
        if mark != ".":
            raise ValueError("it was cut: its last line is missing")
        return Prints(
            path,
            head["id"],
            head["purpose"],
            head["began_s"],
            float(ended_s),
            int(rows_n),
            {form: tuple(names) for form, names in head["forms"].items()},
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> RecordUnreadable:
    return RecordUnreadable(f"the observation {path} cannot be read: {error!r}")
