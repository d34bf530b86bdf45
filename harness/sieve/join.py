"""What belongs together: lines of one record, and then records and rows of one spot."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from harness.sieve import kinds
from harness.sieve.acts import runs
from harness.sieve.kinds import kind_of
from harness.sieve.pairs import Acts
from harness.sieve.rows import BETWEEN, LINES, PLAIN, SPOT, spot_of
from harness.sieve.several import told_s
from harness.sieve.spill import Entries, Spill, partition_of
from harness.sieve.words import Flags, Hashes, Ints, Times, keep_freed, mixed, order_of

# One save as it went: slot is the same of all that ended in a second. form is the hash of its form;
# opened, intent and told are places of lines, told 0 where nobody said anything.
WENT = np.dtype(
    [
        ("slot", "<u8"),
        ("due_s", "<f8"),
        ("began_s", "<f8"),
        ("ended_s", "<f8"),
        ("state", "<i8"),
        ("form", "<u8"),
        ("opened", "<u8"),
        ("intent", "<u8"),
        ("told", "<u8"),
    ]
)
ACKNOWLEDGED, REFUSED, UNKNOWN = range(3)
_STATE = {kinds.TOLD: ACKNOWLEDGED, kinds.REFUSED: REFUSED, kinds.CUT: UNKNOWN}
# What only a save that was begun can be told of.
_LATER = kinds.TOLD | kinds.REFUSED | kinds.CUT | kinds.TYPED
# By what a line says; of one that says nothing of how a save went, -1.
_STATES = np.array([_STATE.get(says, -1) for says in range(1 << kinds.KIND_BITS)])
# The same as numbers whose sum says how often each thing was said, of so few lines.
_BITS = 4
_COUNTS = np.array(
    [
        sum((says >> bit & 1) << (_BITS * bit) for bit in range(kinds.KIND_BITS))
        for says in range(1 << kinds.KIND_BITS)
    ]
)
_EACH_ONCE = _COUNTS[kinds.OPENS | kinds.KEYS | kinds.BEGINS | kinds.WHOLE | kinds.TOLD]
_PLACES = SPOT["lines"].shape[0]


@dataclass(slots=True)
class Joined:
    """How many records there are; odd are the places of lines of what was not opened once.

    orphans_n are lines of a record that nobody opened, or of a save that nobody began: all are
    looked at, whether anybody reads what they tell of or not.
    """

    records_n: int = 0
    orphans_n: int = 0
    odd: list[Ints] = field(default_factory=list)


@dataclass(slots=True)
class _Groups:
    """The entries of a partition, those of one record together and in the order of their lines.

    opened is where each record has the entry that opens it; of those that are plain, save is where
    their save begins, and told where they were told of it.
    """

    entries: Entries
    kind: Ints
    begin: Ints
    size: Ints
    opened: Ints
    form: Ints
    key: Hashes
    has_key: Flags
    is_odd: Flags
    is_plain: Flags = field(init=False)
    save: Ints = field(init=False)
    told: Ints = field(init=False)

    def __post_init__(self) -> None:
        self.is_plain, self.save, self.told = _are_plain(self)


class Spots:
    """Where entries of records are kept: of what is to stand in storage, of saves as they went.

    keyless are lines of records that never got a key. Raises EnvironmentBroken.
    """

    def __init__(self, partitions_n: int) -> None:
        self.spots = Spill(SPOT, partitions_n, by="key")
        self.keyless = Spill(SPOT, partitions_n, by="key")
        self.went = Spill(WENT, partitions_n, by="slot")

    @property
    def all(self) -> tuple[Spill, ...]:
        """Each of them."""
        return self.spots, self.keyless, self.went


def join_records(
    lines: Acts, forms: Hashes, into: Spots, start_s: float, partitions: Iterable[int]
) -> Joined:
    """Keep an entry per record where it is to stand, and one for every save as it went.

    Those of records that never got a key stand by themselves, by the hash of each record.

    forms are the hashes of the forms' names, by their numbers; of others nothing is judged.
    start_s is when the load began. It is done for these partitions of the lines alone.
    """
    keep_freed()
    joined = Joined()
    for partition in partitions:
        pairs, entries = lines.read(partition)
        number = _numbers(pairs["form"], forms)
        into.spots.add(_plain_pairs(pairs, number))
        into.went.add(_went_pairs(pairs, start_s))
        joined.records_n += len(pairs)
        if len(entries):
            groups = _grouped(entries, forms)
            into.spots.add(_plain(groups))
            _find_odd(groups, joined)
            known = ~groups.is_odd & (groups.form >= 0)
            others = known & groups.has_key & ~groups.is_plain
            into.spots.add(_lines(groups, others, groups.key))
            alone = known & ~groups.has_key
            into.keyless.add(_lines(groups, alone, groups.entries["rec"][groups.begin]))
            into.went.add(_went(groups, start_s))
            joined.records_n += int((~groups.is_odd).sum())
            joined.orphans_n += _orphans_n(groups)
    for spill in into.all:
        spill.flush()
    return joined


def spots_of(lines: Acts, recs: Hashes, forms: Hashes) -> Hashes:
    """Where these records stand, of those that have a key."""
    found = [np.zeros(0, dtype=np.uint64)]
    part = partition_of(recs, lines.partitions_n)
    for partition in np.unique(part):
        pairs, entries = lines.read(int(partition))
        pairs = pairs[np.isin(pairs["rec"], recs[part == partition])]
        number = _numbers(pairs["form"], forms)
        found.append(spot_of(pairs["key"], number)[number >= 0])
        entries = entries[np.isin(entries["rec"], recs[part == partition])]
        if len(entries):
            groups = _grouped(entries, forms)
            some = groups.has_key & (groups.form >= 0)
            found.append(spot_of(groups.key[some], groups.form[some]))
    return np.unique(np.concatenate(found))


def _grouped(entries: Entries, forms: Hashes) -> _Groups:
    entries = entries.take(order_of(entries["rec"]))
    kind = kind_of(entries)
    begin, size = runs(entries["rec"])
    of = np.repeat(np.arange(len(begin)), size)
    opens = np.flatnonzero(kind & kinds.OPENS)
    opened_n = np.bincount(of[opens], minlength=len(begin))
    opened, form = begin.copy(), np.full(len(begin), -1)
    opened[of[opens]] = opens
    form[of[opens]] = _numbers(entries["form"][opens], forms)
    key, has_key = np.zeros(len(begin), dtype=np.uint64), np.zeros(len(begin), dtype=np.bool_)
    # The last word on it holds, and a later line takes the place of an earlier one here as well.
    for told in (opens[(kind[opens] & kinds.KEYS) != 0], np.flatnonzero(kind == kinds.KEYS)):
        key[of[told]], has_key[of[told]] = entries["key"][told], True
    return _Groups(entries, kind, begin, size, opened, form, key, has_key, opened_n != 1)


def _numbers(hashes: Hashes, forms: Hashes) -> Ints:
    found = np.full(len(hashes), -1)
    for number, form in enumerate(forms):
        found[hashes == form] = number
    return found


def _are_plain(groups: _Groups) -> tuple[Flags, Ints, Ints]:
    """Records that were opened, saved once and told so, in this order, and nothing else.

    With where their saves are, and that they were told.
    """
    begin, size, entries = groups.begin, groups.size, groups.entries
    plain = (np.add.reduceat(_COUNTS[groups.kind], begin) == _EACH_ONCE) & (size <= _PLACES)
    plain &= (groups.form >= 0) & ((groups.kind[begin] & kinds.OPENS) != 0)
    save, told = _only(groups, plain, kinds.BEGINS), _only(groups, plain, kinds.TOLD)
    fine = (save < told) & (entries["save"][save] == entries["save"][told])
    plain[plain] = fine
    return plain, save[fine], told[fine]


def _only(groups: _Groups, some: Flags, says: int) -> Ints:
    """The entries of these records that say something."""
    return np.flatnonzero(np.repeat(some, groups.size) & ((groups.kind & says) != 0))


def _plain_pairs(pairs: Entries, number: Ints) -> Entries:
    """Of forms of which nothing is judged there are none."""
    mine = np.flatnonzero(number >= 0)
    if len(mine) < len(pairs):
        pairs, number = pairs.take(mine), number[mine]
    entries = np.zeros(len(pairs), dtype=SPOT)
    entries["key"] = pairs["key"]
    entries["form"] = number
    entries["who"] = PLAIN
    entries["digest"] = pairs["digest"]
    entries["ready_s"] = pairs["told_s"]
    entries["lines"][:, 0] = pairs["begun"]
    entries["lines"][:, 2] = pairs["told"]
    return entries


def _plain(groups: _Groups) -> Entries:
    some, save, told = groups.is_plain, groups.save, groups.told
    entries = np.zeros(len(save), dtype=SPOT)
    entries["key"] = groups.key[some]
    entries["form"] = groups.form[some]
    entries["who"] = PLAIN
    entries["digest"] = groups.entries["digest"][save]
    entries["ready_s"] = groups.entries["at_s"][told]
    begin, place = groups.begin[some], groups.entries["place"]
    entries["lines"][:, 0] = place[begin]
    three = np.flatnonzero(groups.size[some] == _PLACES)
    # The others are the next two.
    between = 2 * begin[three] + 3 - told[three]
    entries["lines"][three, BETWEEN] = place[between]
    entries["lines"][:, 2] = place[told]
    return entries


def _find_odd(groups: _Groups, joined: Joined) -> None:
    # A form of which nothing is judged may be that of every record: only what is amiss is read.
    unjudged = groups.form < 0
    if unjudged.any():
        unjudged &= _amiss(groups)
    for number in np.flatnonzero(groups.is_odd | unjudged).tolist():
        begin = groups.begin[number]
        joined.odd.append(groups.entries["place"][begin : begin + groups.size[number]])


def _orphans_n(groups: _Groups) -> int:
    rest = np.flatnonzero(np.repeat(~groups.is_plain, groups.size))
    lines, kind = groups.entries.take(rest), groups.kind[rest]
    known = np.isin(lines["rec"], lines["rec"][(kind & kinds.OPENS) != 0])
    begun = lines["save"][(kind & kinds.BEGINS) != 0]
    later = (kind & _LATER) != 0
    known[later] &= np.isin(lines["save"][later], begun)
    return int((~known).sum())


def _amiss(groups: _Groups) -> Flags:
    """Records with a save that is begun twice, or with lines of a save that was not."""
    of = np.repeat(np.arange(len(groups.begin)), groups.size)
    save = groups.entries["save"]
    begun = np.flatnonzero(groups.kind & kinds.BEGINS)
    begun = begun[order_of(save[begun])]
    told = np.flatnonzero(groups.kind & _LATER)
    found = np.zeros(len(groups.begin), dtype=np.bool_)
    found[of[begun[1:][save[begun[1:]] == save[begun[:-1]]]]] = True
    found[of[told[~np.isin(save[told], save[begun])]]] = True
    return found


def _lines(groups: _Groups, rest: Flags, keys: Hashes) -> Entries:
    """Every line of these records, three to an entry, each by its record's key."""
    place = groups.entries["place"]
    size, begin = groups.size[rest], groups.begin[rest]
    parts_n = -(-size // _PLACES)
    of = np.repeat(np.arange(len(size)), parts_n)
    nth = np.arange(len(of)) - np.repeat(np.cumsum(parts_n) - parts_n, parts_n)
    entries = np.zeros(len(of), dtype=SPOT)
    entries["key"] = keys[rest][of]
    entries["form"] = groups.form[rest][of]
    entries["who"] = LINES
    entries["digest"] = groups.entries["rec"][begin][of]
    if len(of):
        entries["ready_s"] = told_s(groups.entries, groups.begin, groups.size)[rest][of]
    for n in range(_PLACES):
        at = nth * _PLACES + n
        has = at < size[of]
        entries["lines"][has, n] = place[begin[of][has] + at[has]]
    return entries


def _went(groups: _Groups, start_s: float) -> Entries:
    """Every save whose record was opened, with the last outcome that it was told."""
    entries, kind = groups.entries, groups.kind
    begun, told, record = groups.save, groups.told, np.flatnonzero(groups.is_plain)
    rest = ~groups.is_plain & ~groups.is_odd
    if rest.any():
        of = np.repeat(np.arange(len(rest)), groups.size)
        others = np.flatnonzero(rest[of] & ((kind & kinds.BEGINS) != 0))
        begun = np.concatenate((begun, others))
        told = np.concatenate((told, _last_told(groups, others)))
        record = np.concatenate((record, of[others]))
    has = told >= 0
    found = np.zeros(len(begun), dtype=WENT)
    found["due_s"] = entries["due_s"][begun]
    found["began_s"] = entries["at_s"][begun]
    opened = groups.opened[record]
    found["form"] = entries["form"][opened]
    found["opened"] = entries["place"][opened]
    found["intent"] = entries["place"][begun]
    found["state"] = np.where(has, _STATES[kind[told]], UNKNOWN)
    found["ended_s"] = np.where(has, entries["at_s"][told], np.nan)
    found["told"] = np.where(has, entries["place"][told], 0)
    over_s = np.where(has, found["ended_s"], found["began_s"])
    found["slot"] = _slots(over_s, start_s)
    return found


def _went_pairs(pairs: Entries, start_s: float) -> Entries:
    found = np.empty(len(pairs), dtype=WENT)
    found["slot"] = _slots(pairs["told_s"], start_s)
    found["due_s"], found["began_s"] = pairs["due_s"], pairs["at_s"]
    found["ended_s"], found["state"] = pairs["told_s"], ACKNOWLEDGED
    found["form"], found["told"] = pairs["form"], pairs["told"]
    found["opened"] = found["intent"] = pairs["begun"]
    return found


def _slots(over_s: Times, start_s: float) -> Hashes:
    """One number for all that was over in the same second of the load."""
    second = np.maximum(0.0, over_s - start_s).astype(np.uint64)
    return mixed(second + np.uint64(1), 0)


def _is_told(kind: Ints) -> Flags:
    found: Flags = _STATES[kind] >= 0
    return found


def _last_told(groups: _Groups, begun: Ints) -> Ints:
    """The line that says last how each of these saves went; -1 where none does."""
    save = groups.entries["save"]
    ended = np.flatnonzero(_is_told(groups.kind))
    ended = ended[order_of(save[ended])]
    if not len(ended):
        return np.full(len(begun), -1)
    last = np.searchsorted(save[ended], save[begun], side="right") - 1
    found = ended[np.maximum(last, 0)]
    return np.where((last >= 0) & (save[found] == save[begun]), found, -1)
