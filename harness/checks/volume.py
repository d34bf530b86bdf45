"""The sieve: every save of a load against one read of every row, by fingerprints alone.

What is whole passes through, and that is nearly everything. What does not is a suspect, whose
texts are then read and judged by the oracle as any other record is.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from harness.checks.owing import NOTHING, Owing, RowPrints, Shape, shape_of
from harness.corpus import CLASSES
from harness.journal.events import LITERAL
from harness.journal.volume import Owed, Volume, VolumeRecord, key_word, undisturbed
from harness.model import Form
from harness.prints import PrintRow, Prints

# A form's name, and a key as one word.
Spot: TypeAlias = tuple[str, str]
# This many records of a kind are looked at one by one; the rest is counted beside them.
LOOKED_AT_MAX = 500
_CONTROL_CANDIDATES_MAX = 200


@dataclass(frozen=True, slots=True)
class Suspect:
    """A record that a sieve did not let through, and what it looked like."""

    owing: Owing
    shape: Shape


@dataclass(slots=True)
class Sifted:
    """What one read of every row says of a load.

    unread_n are acknowledged saves that the read says nothing of: it began too early, or leaves
    their form out; hidden_n those that storage cannot tell from saves that never were.
    strays are rows that no record names and that were not there before, the first of strays_n;
    changed are rows that nobody worked on and that are not as they were. before holds what stood
    there in every changed row. whole is a record of each form that let itself be judged, for
    controls, with its row.
    """

    forms: Mapping[str, Form] = field(default_factory=dict)
    read_s: float = 0.0
    acknowledged_n: int = 0
    verified_n: int = 0
    unread_n: int = 0
    hidden_n: int = 0
    fields_read: int = 0
    suspects: list[Suspect] = field(default_factory=list)
    strays_n: int = 0
    strays: list[PrintRow] = field(default_factory=list)
    changed: list[Spot] = field(default_factory=list)
    before: dict[Spot, RowPrints] = field(default_factory=dict)
    whole: dict[str, tuple[Owing, RowPrints]] = field(default_factory=dict)


def sift(
    volume: Volume, forms: Mapping[str, Form], before: Iterable[PrintRow], final: Prints
) -> Sifted:
    """Compare every record of the volume, and every row that stood before, with the last read."""
    with undisturbed():
        return _Sieve(volume, forms, before, final).sift()


class _Sieve:
    """One pass over the rows, with what every record owes at hand."""

    def __init__(
        self, volume: Volume, forms: Mapping[str, Form], before: Iterable[PrintRow], final: Prints
    ) -> None:
        self.final = final
        self.sifted = Sifted(forms, final.began_s)
        self.before = {(row.form, row.key): row.prints for row in before}
        self.owners: dict[Spot, list[Owing]] = {}
        self.keyless: list[Owing] = []
        for owing, spot in list(_owings(volume, forms)):
            if spot is None:
                self.keyless.append(owing)
            else:
                owing.before = self.before.get(spot)
                self.owners.setdefault(spot, []).append(owing)
        self.by_print = _by_print(self.keyless, traced=True)
        self.by_common_print = _by_print(self.keyless, traced=False)
        self.rows_of: dict[int, list[RowPrints]] = defaultdict(list)
        self.seen: set[Spot] = set()
        self.suspects: dict[int, Suspect] = {}
        self.foreign: set[tuple[str, ...]] = set()
        self.tried: Counter[str] = Counter()

    def sift(self) -> Sifted:
        """The whole pass."""
        for row in self.final.rows():
            self._row(row)
        for spot, owings in self.owners.items():
            if spot not in self.seen:
                for owing in owings:
                    self._judge(owing, [])
        for spot in self.before.keys() - self.seen - self.owners.keys():
            if not self._is_worked_on(spot):
                self._change(spot)
        for owing in self.keyless:
            self._judge(owing, self.rows_of[id(owing)])
        if self.foreign:
            self._find_doubles()
        self.sifted.suspects = list(self.suspects.values())
        return self.sifted

    def _row(self, row: PrintRow) -> None:
        spot = (row.form, row.key)
        again = spot in self.seen
        self.seen.add(spot)
        owings = self.owners.get(spot)
        if owings is not None:
            for owing in owings:
                if again:
                    self._suspect(owing, shape_of(owing, [row.prints, row.prints]))
                else:
                    self._judge(owing, [row.prints])
            return
        stood = self.before.get(spot)
        if stood is not None:
            self.sifted.fields_read += len(row.prints)
            if stood != row.prints and not self._is_worked_on(spot):
                self._change(spot)
                self.foreign.update((row.form, p) for p in row.prints)
            return
        keyless = self._keyless_owner(row)
        if keyless is not None:
            self.rows_of[id(keyless)].append(row.prints)
            return
        if all(print_ in NOTHING for print_ in row.prints):
            return
        self.sifted.strays_n += 1
        self.foreign.update((row.form, p) for p in row.prints)
        if len(self.sifted.strays) < LOOKED_AT_MAX:
            self.sifted.strays.append(row)

    def _judge(self, owing: Owing, rows: list[RowPrints]) -> None:
        form, told_n = owing.form, len(owing.acknowledged)
        self.sifted.acknowledged_n += told_n
        is_read = form.name in self.final.fields
        if not is_read or self.final.began_s < owing.ready_s + form.settle_s_max:
            self.sifted.unread_n += told_n
            return
        self.sifted.fields_read += len(form.fields)
        visible_n = len(owing.visible)
        self.sifted.verified_n += visible_n
        self.sifted.hidden_n += told_n - visible_n
        shape = shape_of(owing, rows)
        if shape:
            self._suspect(owing, shape)
        elif told_n and rows and self.tried[form.name] < _CONTROL_CANDIDATES_MAX:
            self.tried[form.name] += 1
            self._offer(owing, rows[0])

    def _suspect(self, owing: Owing, shape: Shape) -> None:
        """A record that was taken for whole until now is no longer."""
        if id(owing) not in self.suspects:
            self.sifted.verified_n -= len(owing.visible)
        self.suspects[id(owing)] = Suspect(owing, shape)

    def _change(self, spot: Spot) -> None:
        self.sifted.changed.append(spot)
        self.sifted.before[spot] = self.before[spot]

    def _is_worked_on(self, spot: Spot) -> bool:
        """Whether the row is also one of another form, of which somebody saved it."""
        forms, (name, key) = self.sifted.forms, spot
        here = forms.get(name)
        return here is not None and any(
            (other.name, key) in self.owners
            for other in forms.values()
            if here.table and (other.storage, other.table) == (here.storage, here.table)
        )

    def _offer(self, owing: Owing, row: RowPrints) -> None:
        """Keep the record that says most, as one that a control can be planted in."""
        if len(owing.handles) > 1 or len(owing.acknowledged) < len(owing.saves):
            return
        best = self.sifted.whole.get(owing.form.name)
        if best is None or len(set(row)) > len(set(best[1])):
            self.sifted.whole[owing.form.name] = (owing, row)

    def _keyless_owner(self, row: PrintRow) -> Owing | None:
        if not self.keyless:
            return None
        for known in (self.by_print, self.by_common_print):
            for print_ in row.prints:
                for owing in known.get((row.form, print_), ()):
                    return owing
        return None

    def _find_doubles(self) -> None:
        """Records of which a value stands in a row that is not theirs as well."""
        everyone = [*self.keyless, *(o for owings in self.owners.values() for o in owings)]
        for owing in everyone:
            if id(owing) in self.suspects:
                continue
            names = [
                name
                for save in owing.acknowledged
                for name, owed in save.fields.items()
                if _is_traced(owed) and (owing.form.name, owed.fingerprint) in self.foreign
            ]
            if names:
                self._suspect(owing, Shape("elsewhere", tuple(dict.fromkeys(names)), sure=False))


def _owings(volume: Volume, forms: Mapping[str, Form]) -> Iterator[tuple[Owing, Spot | None]]:
    """Every record that was worked on, as storage has it, and where it is to stand."""
    shared: dict[Spot, Owing] = {}
    made: set[Spot] = set()
    for record in in_order(volume):
        form = forms.get(record.form)
        if form is None:
            continue
        if record.key is None:
            yield Owing(form, [record]), None
            continue
        spot = (record.form, key_word(record.key))
        is_second = record.keyed_late and spot in made
        if record.keyed_late:
            made.add(spot)
        if spot in shared and not is_second:
            shared[spot].handles.append(record)
            continue
        owing = Owing(form, [record])
        shared.setdefault(spot, owing)
        yield owing, spot


def in_order(volume: Volume) -> list[VolumeRecord]:
    """Records user by user, each user's in the order they were opened."""
    return sorted(volume.records.values(), key=lambda record: place_of(record.id))


def place_of(record: str) -> tuple[int, int]:
    """The user's number and the record's ordinal in ``load/USER/1/rORDINAL``."""
    _, user, _, ordinal = record.split("/")
    return int(user), int(ordinal[1:])


def _by_print(keyless: Iterable[Owing], *, traced: bool) -> dict[tuple[str, str], list[Owing]]:
    """Records without a key by what they saved: by what is theirs alone, or by all the rest."""
    found: dict[tuple[str, str], list[Owing]] = defaultdict(list)
    for owing in keyless:
        for save in owing.saves:
            for owed in save.fields.values():
                if owed.text_class != LITERAL and _is_traced(owed) == traced:
                    found[owing.form.name, owed.fingerprint].append(owing)
    return found


def _is_traced(owed: Owed) -> bool:
    """Whether a value belongs to one place alone, so that it stands nowhere else by chance."""
    known = CLASSES.get(owed.text_class)
    return known is not None and known.marker
