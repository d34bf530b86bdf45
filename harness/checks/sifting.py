"""The sieve's law, on the records and rows that are not plainly whole."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from harness.checks.collateral import has_other_columns_changed
from harness.checks.owing import NOTHING, Owing, RowPrints, Shape, shape_of
from harness.checks.sifted import (
    LOOKED_AT_MAX,
    Crowds,
    First,
    Rank,
    Sifted,
    Spot,
    Suspect,
    crowded,
)
from harness.corpus import CLASSES
from harness.errors import RecordUnreadable
from harness.journal.events import LITERAL
from harness.journal.volume import Owed, VolumeRecord, key_word
from harness.model import Form
from harness.prints import PrintRow, Prints

CONTROL_CANDIDATES_MAX = 200
# So many rows that are nobody's, or changed, are looked into for what is another record's.
FOREIGN_MAX = 100_000

# What is found first, whatever was sifted first: rows in their order, records that have none,
# records without a key, and last those of which a value stands elsewhere.
SEEN, UNSEEN, KEYLESS, ELSEWHERE = range(4)


@dataclass(slots=True)
class Sieve:
    """What is known so far of a whole load, a part after the other."""

    forms: Mapping[str, Form]
    final: Prints
    keyless: list[Owing]
    sifted: Sifted = field(init=False)
    rows_of: dict[int, list[tuple[int, RowPrints]]] = field(init=False)
    foreign: set[Spot] = field(default_factory=set)
    foreign_rows_n: int = 0
    suspects: dict[object, First[Suspect]] = field(default_factory=dict)
    crowds: Crowds = field(default_factory=dict)
    strays: First[PrintRow] = field(default_factory=lambda: First(LOOKED_AT_MAX))
    changed: First[PrintRow] = field(default_factory=lambda: First(LOOKED_AT_MAX))
    whole: dict[str, First[tuple[Owing, RowPrints]]] = field(default_factory=dict)
    _by_print: Sequence[Mapping[Spot, list[Owing]]] = ()

    def __post_init__(self) -> None:
        self.sifted = Sifted(self.forms, self.final.began_s)
        self.rows_of = defaultdict(list)
        self._by_print = [_by_print(self.keyless, traced=traced) for traced in (True, False)]

    # --- what is found --------------------------------------------------------------------------

    def weigh(self, owing: Owing, rows: Sequence[RowPrints], rank: Rank) -> Shape | None:
        """Count what a record's saves come to; gives its look where it was read at all."""
        form, told_n, sifted = owing.form, len(owing.acknowledged), self.sifted
        sifted.acknowledged_n += told_n
        is_read = form.name in self.final.fields
        if not is_read or self.final.began_s < owing.ready_s + form.settle_s_max:
            sifted.unread_n += told_n
            return None
        sifted.fields_read += len(form.fields)
        visible_n = len(owing.visible)
        sifted.verified_n += visible_n
        sifted.hidden_n += told_n - visible_n
        shape = shape_of(owing, rows)
        if not shape and told_n and rows:
            self.offer(owing, rows[0], rank)
        return shape

    def suspect(self, owing: Owing, shape: Shape, rank: Rank) -> None:
        """A record that was taken for whole until now is no longer."""
        self.sifted.verified_n -= len(owing.visible)
        self.keep(Suspect(owing, shape), rank)

    def keep(self, suspect: Suspect, rank: Rank) -> None:
        """Keep a suspect among those that look alike, or count it there."""
        look = (suspect.owing.form.name, suspect.shape)
        kept = self.suspects.setdefault(look, First(LOOKED_AT_MAX))
        for gone in kept.add(rank, suspect):
            crowded(self.crowds, gone)

    def all_crowds(self) -> Crowds:
        """Every suspect that is only counted, now that no more are kept than there is room for."""
        for kept in self.suspects.values():
            for gone in kept.cut():
                crowded(self.crowds, gone)
        return self.crowds

    def offer(self, owing: Owing, row: RowPrints, rank: Rank) -> None:
        """A whole record, in which a control may be planted."""
        self.whole_of(owing.form.name).add(rank, (owing, row))

    def whole_of(self, form: str) -> First[tuple[Owing, RowPrints]]:
        """The whole records of a form."""
        return self.whole.setdefault(form, First(CONTROL_CANDIDATES_MAX))

    def stray(self, row: PrintRow, number: int) -> None:
        """A row that no record names, unless it is one of those without a key."""
        owner = self._keyless_owner(row)
        if owner is not None:
            self.rows_of[id(owner)].append((number, row.prints))
        elif any(print_ not in NOTHING for print_ in row.prints):
            self.strays.add((number,), row)
            self._is_foreign(row)

    def change(self, stood: PrintRow, rank: Rank, row: PrintRow | None = None) -> None:
        """A row that nobody worked on is not as it was, or is gone."""
        self.changed.add(rank, stood)
        if row is not None:
            self._is_foreign(row)

    def _is_foreign(self, row: PrintRow) -> None:
        self.foreign_rows_n += 1
        if self.foreign_rows_n <= FOREIGN_MAX:
            self.foreign.update((row.form, print_) for print_ in row.prints)

    def _keyless_owner(self, row: PrintRow) -> Owing | None:
        for known in self._by_print if self.keyless else ():
            for print_ in row.prints:
                for owing in known.get((row.form, print_), ()):
                    return owing
        return None

    # --- the end --------------------------------------------------------------------------------

    def weigh_keyless(self) -> list[tuple[Owing, Rank]]:
        """Judge the records without a key by the rows that hold theirs; gives the whole ones."""
        whole: list[tuple[Owing, Rank]] = []
        for owing in self.keyless:
            rows = [prints for _, prints in sorted(self.rows_of[id(owing)])]
            rank = place_of(owing.handles[0].id)
            shape = self.weigh(owing, rows, (KEYLESS, *rank))
            if shape:
                self.suspect(owing, shape, (KEYLESS, *rank))
            else:
                whole.append((owing, (ELSEWHERE, 0, *rank)))
        return whole

    def find_doubles(self, whole: Iterable[tuple[Owing, Rank]]) -> None:
        """Records of which a value stands in a row that is not theirs as well."""
        for owing, rank in whole:
            names = [
                name
                for save in owing.acknowledged
                for name, owed in save.fields.items()
                if is_traced(owed) and (owing.form.name, owed.fingerprint) in self.foreign
            ]
            if names:
                shape = Shape("elsewhere", tuple(dict.fromkeys(names)), sure=False)
                self.suspect(owing, shape, rank)

    def close(self) -> Sifted:
        """All of it."""
        sifted = self.sifted
        found: list[tuple[Rank, Suspect]] = []
        sifted.crowds = self.all_crowds()
        for kept in self.suspects.values():
            found += kept.items()
        sifted.suspects = [suspect for _, suspect in sorted(found, key=lambda each: each[0])]
        sifted.strays_n, sifted.changed_n = self.strays.count, self.changed.count
        sifted.strays = [row for _, row in self.strays.items()]
        sifted.changed = [stood for _, stood in self.changed.items()]
        sifted.unsought_n = max(0, self.foreign_rows_n - FOREIGN_MAX)
        for form, kept_whole in self.whole.items():
            best = _best(item for _, item in kept_whole.items())
            if best is not None:
                sifted.whole[form] = best
        return sifted


@dataclass(slots=True)
class Rest:
    """The records and rows of some spots, rows with their numbers.

    is_owned says of a spot of any form whether a record stands there.
    """

    records: Sequence[VolumeRecord]
    before: Sequence[tuple[int, PrintRow]]
    final: Sequence[tuple[int, PrintRow]]
    is_owned: Callable[[Spot], bool]


class Sifting:
    """One look at some spots, with what every record of them owes at hand."""

    def __init__(self, sieve: Sieve, rest: Rest) -> None:
        self.sieve = sieve
        self.rest = rest
        self.stood = {(row.form, row.key): row for _, row in rest.before}
        self.stood_at = {(row.form, row.key): number for number, row in rest.before}
        self.owners: dict[Spot, list[Owing]] = {}
        for owing, spot in owings(rest.records, sieve.forms):
            owing.before = self.stood[spot].prints if spot in self.stood else None
            self.owners.setdefault(spot, []).append(owing)
        self.rows: dict[Spot, list[tuple[int, PrintRow]]] = {}
        for number, row in rest.final:
            self.rows.setdefault((row.form, row.key), []).append((number, row))

    def sift(self) -> None:
        """Compare every record, and every row that stood before, with the last read."""
        for spot, found in self.rows.items():
            if spot not in self.owners:
                self._unowned(spot, found)
        self._find_made_over()
        for owing, rows, rank in self._owed():
            shape = self.sieve.weigh(owing, [row for _, row in rows[:1]], rank)
            if len(rows) > 1:
                # It was whole until its second row came, or never.
                at = rank if shape else (SEEN, rows[1][0], rank[-1])
                self.sieve.suspect(owing, shape_of(owing, [row for _, row in rows[:2]]), at)
            elif shape:
                self.sieve.suspect(owing, shape, rank)
        for spot in self.stood.keys() - self.rows.keys() - self.owners.keys():
            if not self._is_worked_on(spot):
                self.sieve.change(self.stood[spot], (UNSEEN, self.stood_at[spot]))

    def offer(self) -> None:
        """Offer every record for a control: they are known to be whole."""
        for owing, rows, rank in self._owed():
            self.sieve.offer(owing, rows[0][1], rank)

    def whole(self) -> Iterator[tuple[Owing, Rank]]:
        """Records that were let through, by the place in which doubles are told."""
        for owing, rows, _ in self._owed():
            if len(rows) < 2 and not self._is_suspect(owing, [row for _, row in rows]):
                yield owing, (ELSEWHERE, 1, *_place(owing))

    def _is_suspect(self, owing: Owing, rows: Sequence[RowPrints]) -> bool:
        final = self.sieve.final
        if owing.form.name not in final.fields:
            return False
        is_read = final.began_s >= owing.ready_s + owing.form.settle_s_max
        return is_read and bool(shape_of(owing, rows))

    def _owed(self) -> Iterator[tuple[Owing, list[tuple[int, RowPrints]], Rank]]:
        for spot, standing in self.owners.items():
            rows = [(number, row.prints) for number, row in self.rows.get(spot, [])]
            rank: Rank = (SEEN, rows[0][0]) if rows else (UNSEEN, *_place(standing[0]))
            for nth, owing in enumerate(standing):
                yield owing, rows, (*rank, nth)

    def _unowned(self, spot: Spot, rows: Sequence[tuple[int, PrintRow]]) -> None:
        stood = self.stood.get(spot)
        for number, row in rows:
            if stood is None:
                self.sieve.stray(row, number)
                continue
            self.sieve.sifted.fields_read += len(row.prints)
            held = stood.prints == row.prints
            if held and not has_other_columns_changed(stood.rest, row.rest):
                continue
            if not self._is_worked_on(spot):
                self.sieve.change(stood, (SEEN, number), None if held else row)

    def _find_made_over(self) -> None:
        """Rows that stood before, and whose keys were answered to whoever made a record.

        Only what was deleted first may be made again.
        """
        for spot in self.owners.keys() & self.stood.keys() & self.rows.keys():
            handles = [handle for owing in self.owners[spot] for handle in owing.handles]
            is_made = any(
                handle.keyed_late and any(save.state != "refused" for save in handle.saves)
                for handle in handles
            )
            deleted = any(
                save.operation == "delete" and save.state != "refused"
                for handle in handles
                for save in handle.saves
            )
            stood, (number, row) = self.stood[spot], self.rows[spot][0]
            if is_made and not deleted and stood.prints != row.prints:
                self.sieve.change(stood, (SEEN, number))

    def _is_worked_on(self, spot: Spot) -> bool:
        """Whether the row is also one of another form, of which somebody saved it."""
        forms, (name, key) = self.sieve.forms, spot
        here = forms.get(name)
        return here is not None and any(
            self.rest.is_owned((other.name, key))
            for other in forms.values()
            if here.table and (other.storage, other.table) == (here.storage, here.table)
        )


def owings(
    records: Iterable[VolumeRecord], forms: Mapping[str, Form]
) -> Iterator[tuple[Owing, Spot]]:
    """Every record that was worked on, as storage has it, and where it is to stand.

    Raises RecordUnreadable where a save names a field that its form has not.
    """
    shared: dict[Spot, Owing] = {}
    made: set[Spot] = set()
    found: list[tuple[Owing, Spot]] = []
    for record in in_order(records):
        form = forms.get(record.form)
        if form is None or record.key is None:
            continue
        _be_of(form, record)
        spot = (record.form, key_word(record.key))
        is_second = record.keyed_late and spot in made
        if record.keyed_late:
            made.add(spot)
        if spot in shared and not is_second:
            shared[spot].handles.append(record)
            continue
        owing = Owing(form, [record])
        shared.setdefault(spot, owing)
        found.append((owing, spot))
    yield from found


def _be_of(form: Form, record: VolumeRecord) -> None:
    known = {spec.name for spec in form.fields}
    for save in record.saves:
        for name in save.fields.keys() - known:
            raise RecordUnreadable(
                f"the journal's save {save.id} names the field {name!r}, and the form {form.name} "
                "of this run has none; judge the run as it was driven"
            )


def in_order(records: Iterable[VolumeRecord]) -> list[VolumeRecord]:
    """Records user by user, each user's in the order they were opened."""
    return sorted(records, key=lambda record: place_of(record.id))


def place_of(record: str) -> tuple[int, int]:
    """The user's number and the record's ordinal in ``load/USER/1/rORDINAL``."""
    try:
        _, user, _, ordinal = record.split("/")
        return int(user), int(ordinal[1:])
    except ValueError:
        raise RecordUnreadable(
            f"the load's journal has a record {record!r:.200}, which no process of a load calls "
            "one: it is no journal of a load, or of another version of the harness"
        ) from None


def _place(owing: Owing) -> tuple[int, int]:
    return place_of(owing.handles[0].id)


def _best(whole: Iterable[tuple[Owing, RowPrints]]) -> tuple[Owing, RowPrints] | None:
    """The record that says most, as one that a control can be planted in."""
    best: tuple[Owing, RowPrints] | None = None
    for owing, row in whole:
        if len(owing.handles) > 1 or len(owing.acknowledged) < len(owing.saves):
            continue
        if best is None or len(set(row)) > len(set(best[1])):
            best = owing, row
    return best


def _by_print(keyless: Iterable[Owing], *, traced: bool) -> dict[Spot, list[Owing]]:
    """Records without a key by what they saved: by what is theirs alone, or by all the rest."""
    found: dict[Spot, list[Owing]] = defaultdict(list)
    for owing in keyless:
        for save in owing.saves:
            for owed in save.fields.values():
                if owed.text_class != LITERAL and is_traced(owed) == traced:
                    found[owing.form.name, owed.fingerprint].append(owing)
    return found


def is_traced(owed: Owed) -> bool:
    """Whether a value belongs to one place alone, so that it stands nowhere else by chance."""
    known = CLASSES.get(owed.text_class)
    return known is not None and known.marker
