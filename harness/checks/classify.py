"""Which anomaly a value shows against the value that was due."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from harness.contracts import LOOSE, canonical, is_nothing, same
from harness.model import ABSENT, Anomaly, Field, FileValue, Value
from harness.values import Trace, find_traces

# A due text shorter than this shares too little with anything for likeness to mean something.
_SHORT_CHARS = 16
_LIKE_CHARS = 8
_LIKE_COMPARED_CHARS = 1024
# Less than this gone from the middle is a character that was not kept, not a part that was cut.
_HOLE_CHARS = 8
# A shorter text without a token may stand in two places by chance.
TELLING_CHARS = 5
_REPLACEMENT = "\ufffd"


def _never(_: Value) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Home:
    """Where a field's values belong: origins are (trial, form, record) as tokens spell them.

    elsewhere says of a value without a token whether the run put it in another place.
    """

    run: str
    origins: frozenset[tuple[int, int, int]]
    field: int
    elsewhere: Callable[[Value], bool] = _never

    def owns(self, trace: Trace) -> bool:
        """Whether a token belongs into this very field of this record."""
        place = (trace.trial, trace.form, trace.record)
        return trace.run == self.run and trace.field == self.field and place in self.origins


def is_telling(value: Value) -> bool:
    """Whether a value without a token still says which save it came from."""
    if isinstance(value, FileValue):
        return value.size_bytes >= TELLING_CHARS
    return isinstance(value, str) and len(value.strip()) >= TELLING_CHARS


def classify(
    spec: Field,
    due: Value,
    found: Value,
    *,
    home: Home,
    earlier: Sequence[Value] = (),
    neighbours: Sequence[Value] = (),
) -> Anomaly | None:
    """The anomaly of one field, None where found keeps the contract.

    earlier are values that were due before; neighbours are values due in other fields of the
    record. An older value is ``lost`` here: whether it came back is not to be seen from it.
    """
    if same(due, found, spec.contract, spec.kind):
        return None
    if is_nothing(found):
        return _of_nothing(due, found)
    if _is_stranger(spec, found, home, [n for n in neighbours if n != due]):
        return Anomaly.MISPLACED
    older = any(same(value, found, spec.contract, spec.kind) for value in earlier)
    if is_nothing(due):
        return _of_something(spec, found, older=older)
    return Anomaly.LOST if older else _of_another(spec, due, found, earlier)


def _of_another(spec: Field, due: Value, found: Value, earlier: Sequence[Value]) -> Anomaly:
    """Both hold something, and not the same."""
    if isinstance(due, tuple):
        return _of_rows(spec, due, found, earlier)
    if isinstance(due, FileValue):
        return _of_file(due, found)
    if isinstance(due, str) and isinstance(found, str) and spec.kind == "text":
        return _of_text(spec, due, found)
    return Anomaly.ALTERED


def _of_nothing(due: Value, found: Value) -> Anomaly:
    if is_nothing(due):
        return Anomaly.LOST if found is ABSENT else Anomaly.ALTERED
    return Anomaly.TORN if isinstance(due, tuple) and found is not ABSENT else Anomaly.LOST


def _of_something(spec: Field, found: Value, *, older: bool) -> Anomaly:
    """Something stands where nothing is due: emptied and back again, or never attempted."""
    if older or _tokens(found):
        return Anomaly.RESURRECTED
    return Anomaly.PHANTOM if spec.kind == "text" else Anomaly.ALTERED


def _is_stranger(spec: Field, found: Value, home: Home, neighbours: Sequence[Value]) -> bool:
    traces = _tokens(found)
    if traces:
        return any(not home.owns(trace) for trace in traces)
    if spec.kind not in ("text", "file") or not is_telling(found):
        return False
    return home.elsewhere(found) or any(same(value, found, spec.contract) for value in neighbours)


def _tokens(value: Value) -> tuple[Trace, ...]:
    texts = value if isinstance(value, tuple) else (value,)
    return tuple(t for text in texts if isinstance(text, str) for t in find_traces(text))


def _of_rows(
    spec: Field, due: tuple[str | None, ...], found: Value, earlier: Sequence[Value]
) -> Anomaly:
    if not isinstance(found, tuple):
        return Anomaly.ALTERED
    owed = Counter(_item(spec, item) for item in due)
    there = Counter(_item(spec, item) for item in found)
    missing, strangers = list((owed - there).elements()), list((there - owed).elements())
    if not missing:
        return Anomaly.DUPLICATED if strangers else Anomaly.ALTERED
    old = {_item(spec, i) for value in earlier if isinstance(value, tuple) for i in value}
    if all(item in old for item in strangers):
        return Anomaly.TORN
    cut = [i for i in strangers if i and any(_is_part(whole, i) for whole in missing if whole)]
    return Anomaly.TRUNCATED if cut else Anomaly.ALTERED


def _item(spec: Field, item: str | None) -> str | None:
    return item if item is None else canonical(item, spec.contract, spec.kind)


def _of_file(due: FileValue, found: Value) -> Anomaly:
    if isinstance(found, FileValue) and found.size_bytes < due.size_bytes:
        return Anomaly.LOST if found.size_bytes == 0 else Anomaly.TRUNCATED
    return Anomaly.ALTERED


def _of_text(spec: Field, due: str, found: str) -> Anomaly:
    tokens = find_traces(found)
    if tokens and not set(tokens) & set(find_traces(due)):
        return Anomaly.LOST
    wanted = canonical(canonical(due, spec.contract, spec.kind), LOOSE)
    got = canonical(canonical(found, spec.contract, spec.kind), LOOSE)
    if _is_part(wanted, got):
        return Anomaly.TRUNCATED
    return Anomaly.ALTERED if tokens or _alike(wanted, got) else Anomaly.LOST


def _is_part(whole: str, part: str) -> bool:
    """A proper part, also where the cut went through a character, or took out the middle."""
    part = part.rstrip(_REPLACEMENT)
    if not part or len(part) >= len(whole):
        return False
    if part in whole:
        return True
    if len(whole) - len(part) < _HOLE_CHARS:
        return False
    head = _shared_start(whole, part)
    return head > 0 and whole.endswith(part[head:])


def _shared_start(one: str, other: str) -> int:
    """How many characters two texts begin with alike, found by halving."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one.startswith(other[low:middle], low):
            low = middle
        else:
            high = middle - 1
    return low


def _alike(due: str, found: str) -> bool:
    """Whether found could have been made from due: they share a run of characters."""
    if len(due) < _SHORT_CHARS or len(found) < _SHORT_CHARS:
        return bool(set(due) & set(found))
    return bool(_runs(due) & _runs(found))


def _runs(text: str) -> set[str]:
    compared = text[:_LIKE_COMPARED_CHARS].casefold()
    return {compared[at : at + _LIKE_CHARS] for at in range(len(compared) - _LIKE_CHARS + 1)}
