"""Which anomaly a value shows against the value that was due."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from difflib import SequenceMatcher

from harness.contracts import canonical, same
from harness.model import ABSENT, Anomaly, Field, FileValue, Value
from harness.values import Trace, find_traces

# A due text shorter than this shares too little with anything for likeness to mean something.
_SHORT_CHARS = 16
_LIKE_CHARS = 8
_LIKE_COMPARED_CHARS = 1024
_REPLACEMENT = "\ufffd"


def is_nothing(value: Value) -> bool:
    """NULL, an absent place, the empty text and the empty list all hold nothing."""
    return value is None or value is ABSENT or value in ("", ())


def classify(
    spec: Field,
    due: Value,
    found: Value,
    *,
    home: Trace | None,
    earlier: Sequence[Value] = (),
    neighbours: Sequence[Value] = (),
) -> Anomaly | None:
    """The anomaly of one field, None where found keeps the contract.

    home is where the due value belongs (None: it carries no token); earlier are values that were
    due before; neighbours are values due in other fields of the record.
    """
    if same(due, found, spec.contract, spec.kind):
        return None
    if is_nothing(found):
        return Anomaly.TORN if isinstance(due, tuple) else Anomaly.LOST
    if any(same(value, found, spec.contract, spec.kind) for value in earlier):
        return Anomaly.LOST
    if isinstance(due, tuple):
        return _of_rows(spec, due, found)
    if isinstance(due, FileValue):
        return _of_file(due, found, neighbours)
    if isinstance(due, str) and isinstance(found, str):
        return _of_text(spec, due, found, home, neighbours)
    return Anomaly.ALTERED


def _of_rows(spec: Field, due: tuple[str | None, ...], found: Value) -> Anomaly:
    if not isinstance(found, tuple):
        return Anomaly.ALTERED
    owed = Counter(due)
    there = Counter(found)
    if owed - there:
        strangers = there - owed
        return Anomaly.ALTERED if strangers else Anomaly.TORN
    return Anomaly.DUPLICATED if there - owed else Anomaly.ALTERED


def _of_file(due: FileValue, found: Value, neighbours: Sequence[Value]) -> Anomaly:
    if found in neighbours:
        return Anomaly.MISPLACED
    if isinstance(found, FileValue) and found.size_bytes < due.size_bytes:
        return Anomaly.LOST if found.size_bytes == 0 else Anomaly.TRUNCATED
    return Anomaly.ALTERED


def _of_text(
    spec: Field, due: str, found: str, home: Trace | None, neighbours: Sequence[Value]
) -> Anomaly:
    traces = find_traces(found)
    strangers = [trace for trace in traces if home is None or not _same_place(trace, home)]
    if strangers:
        return Anomaly.MISPLACED
    if home and traces and all(trace.revision < home.revision for trace in traces):
        return Anomaly.REVERTED
    wanted = canonical(due, spec.contract, spec.kind)
    got = canonical(found, spec.contract, spec.kind)
    if not traces and any(same(n, found, spec.contract) and n != due for n in neighbours):
        return Anomaly.MISPLACED
    if _is_part(wanted, got):
        return Anomaly.TRUNCATED
    return Anomaly.ALTERED if _alike(wanted, got) else Anomaly.LOST


def _same_place(trace: Trace, home: Trace) -> bool:
    here = (home.run, home.trial, home.form, home.record, home.field)
    return (trace.run, trace.trial, trace.form, trace.record, trace.field) == here


def _is_part(whole: str, part: str) -> bool:
    """A proper part, also where the cut went through a character."""
    part = part.rstrip(_REPLACEMENT)
    return bool(part) and len(part) < len(whole) and part in whole


def _alike(due: str, found: str) -> bool:
    """Whether found could have been made from due: they share a run of characters."""
    if len(due) < _SHORT_CHARS or len(found) < _SHORT_CHARS:
        return bool(set(due) & set(found))
    one, other = due[:_LIKE_COMPARED_CHARS], found[:_LIKE_COMPARED_CHARS]
    match = SequenceMatcher(None, one, other, autojunk=False)
    return match.find_longest_match().size >= _LIKE_CHARS
