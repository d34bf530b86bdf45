"""One observation, indexed: rows by key, and every traceable value by where it stands."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

from harness.model import Key, Role, Value
from harness.observations import Observation, Row
from harness.values import Trace, find_traces

Origin: TypeAlias = tuple[int, int, int]
BeforeRows: TypeAlias = dict[tuple[str, Key], Row]


@dataclass(frozen=True, slots=True)
class Place:
    """A field of a row, and the value found there."""

    row: Row
    field: str
    value: Value


class Rows:
    """The rows of one observation, to be looked up by key, by record or by value.

    only: the one form to look at, where the others are of no concern.
    """

    def __init__(self, observation: Observation, tag: str, only: str | None = None) -> None:
        self.observation = observation
        self._tag = tag
        self._rows = {f: r for f, r in observation.rows.items() if only in (None, f)}

    def reads(self, form: str) -> bool:
        """Whether this read covers the form at all."""
        return form in self._rows

    def of_form(self, form: str) -> Sequence[Row]:
        """Every row of a form."""
        return self._rows.get(form, ())

    def at(self, form: str, key: Key) -> list[Row]:
        """The rows of a form with this key: more than one where the key is not unique."""
        return self._by_key.get((form, key), [])

    def of_origin(self, origin: Origin) -> list[tuple[Trace, Place]]:
        """Where the traceable values of a record stand, whatever row that is."""
        return self._by_origin.get(origin, [])

    def is_traced(self, row: Row) -> bool:
        """Whether one of this run's own traceable values stands in the row."""
        return id(row) in self._traced

    @property
    def tokens_n(self) -> int:
        """How many of this run's own traceable values were read."""
        return sum(map(len, self._by_origin.values()))

    @cached_property
    def _by_key(self) -> dict[tuple[str, Key], list[Row]]:
        by_key: dict[tuple[str, Key], list[Row]] = defaultdict(list)
        for form, rows in self._rows.items():
            for row in rows:
                by_key[form, row.key].append(row)
        return by_key

    @cached_property
    def _by_origin(self) -> dict[Origin, list[tuple[Trace, Place]]]:
        found: dict[Origin, list[tuple[Trace, Place]]] = defaultdict(list)
        for rows in self._rows.values():
            for row in sorted(rows, key=lambda row: row.key):
                for name, value in row.fields.items():
                    for trace in _traces(value, self._tag):
                        origin = (trace.trial, trace.form, trace.record)
                        found[origin].append((trace, Place(row, name, value)))
        return found

    @cached_property
    def _traced(self) -> set[int]:
        return {id(place.row) for places in self._by_origin.values() for _, place in places}


def before_rows(observations: Sequence[Observation], role: Role) -> BeforeRows | None:
    """What stood before the first trial; None where nobody looked."""
    first = next((o for o in observations if o.role == role and o.purpose == "before"), None)
    if first is None:
        return None
    return {(form, row.key): row for form, rows in first.rows.items() for row in rows}


def _traces(value: Value, tag: str) -> list[Trace]:
    texts = value if isinstance(value, tuple) else (value,)
    found = [t for text in texts if isinstance(text, str) for t in find_traces(text)]
    return [trace for trace in dict.fromkeys(found) if trace.run == tag]
