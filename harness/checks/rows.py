"""One observation, indexed: rows by key, and every traceable value by where it stands."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from harness.model import Key, Value
from harness.observations import Observation, Row
from harness.values import Trace, find_traces


@dataclass(frozen=True, slots=True)
class Place:
    """A field of a row, and the value found there."""

    row: Row
    field: str
    value: Value


class Rows:
    """The rows of one observation, to be looked up by key, by record or by value."""

    def __init__(self, observation: Observation, tag: str) -> None:
        self.observation = observation
        self._by_key: dict[tuple[str, Key], list[Row]] = defaultdict(list)
        self._by_place: dict[tuple[int, int, int], list[tuple[Trace, Place]]] = defaultdict(list)
        self.tokens_n = 0
        for form, rows in observation.rows.items():
            for row in rows:
                self._by_key[form, row.key].append(row)
                self._index(row, tag)

    def _index(self, row: Row, tag: str) -> None:
        for name, value in row.fields.items():
            texts = value if isinstance(value, tuple) else (value,)
            for text in texts:
                traces = find_traces(text) if isinstance(text, str) else ()
                for trace in dict.fromkeys(traces):
                    if trace.run == tag:
                        self.tokens_n += 1
                        home = (trace.trial, trace.form, trace.record)
                        self._by_place[home].append((trace, Place(row, name, value)))

    def at(self, form: str, key: Key) -> list[Row]:
        """The rows of a form with this key: more than one where the key is not unique."""
        return self._by_key.get((form, key), [])

    def of_record(self, trial: int, form: int, record: int) -> list[tuple[Trace, Place]]:
        """Where the traceable values of a record stand, whatever row that is."""
        return self._by_place.get((trial, form, record), [])
