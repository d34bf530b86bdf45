"""A load's journal as entries: a few numbers per line, which say what belongs together."""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import numpy as np

from harness.errors import RecordUnreadable
from harness.journal.acts_files import ActsFile
from harness.journal.volume import OPERATIONS
from harness.sieve.intents import AHEAD, AHEAD_OPENING, digests, fields_of, operation_of
from harness.sieve.kinds import (
    ACT,
    BEGINS,
    CUT,
    KEYS,
    OFFSET_MAX,
    OPENS,
    REFUSED,
    TOLD,
    TYPED,
    WHOLE,
    packed,
    unpacked,
)
from harness.sieve.pairs import Acts, first_saves, paired, pairs_of
from harness.sieve.spill import Entries
from harness.sieve.words import (
    EIGHT,
    KEEP,
    NAMELESS,
    Flags,
    Hashes,
    Ints,
    Lines,
    Times,
    digest_of,
    hash_of,
    joined,
    keep_freed,
    lines_of,
    read_lines,
    times,
    words_of,
)

# By its first letter: how many words a line has.
_WORDS = {"r": 5, "k": 4, "a": 4, "x": 4, "u": 5, "t": 4}
# How many it has at least: ahead of a word for each field.
_WORDS_MIN = {"n": AHEAD_OPENING, "i": AHEAD}
# What it says, and where it names its record or its save, and a key.
_SAYS = {
    "r": OPENS, "k": KEYS, "n": OPENS | BEGINS, "i": BEGINS,
    "a": TOLD, "x": REFUSED, "u": CUT, "t": TYPED,
}  # fmt: skip
_NAME = {"r": 2, "k": 2, "n": 3, "i": 3, "a": 2, "x": 2, "u": 2, "t": 2}
_KEY = {"r": 4, "k": 3, "n": 5}
_SUM_WORDS = 5
# A line that is longer is read on its own.
SHORT_BYTES = 1_024
_REVISION_CHARS_MAX = 8
_UNKNOWN, _BLANK, _DUE_WORD = ord("?"), ord(" "), 2
_OPERATIONS = words_of(OPERATIONS)[:, 0]
_BYTES = np.dtype((np.void, ACT.itemsize))


class Scanned(NamedTuple):
    """What there is beside entries: whether the last line was cut, which then counts for nothing.

    first_s is when the first save was begun, infinity where none was.
    """

    is_cut: bool
    first_s: float


def scan(number: int, file: ActsFile, into: Acts, take: Callable[[Sequence[str]], None]) -> Scanned:
    """Keep every line about a record or a save as an entry; take is given the words of others.

    Raises RecordUnreadable with file and line, also where lines are not what their process summed
    up.
    """
    keep_freed()
    sums, end, first_s = _Sums(), file.offset, inf
    try:
        if file.path.stat().st_size >= OFFSET_MAX:
            raise ValueError(f"it has more than {OFFSET_MAX} bytes")
        for lines in read_lines(file.path, file.offset):
            chunk = _Chunk(number, file, lines, into)
            sums.check(chunk)
            chunk.scan(take)
            end, first_s = lines.end_place, min(first_s, chunk.first_s)
        return Scanned(file.path.stat().st_size > end, first_s)
    except (OSError, ValueError) as error:
        raise RecordUnreadable(f"the journal {file.path} cannot be read: {error}") from error


@dataclass(slots=True)
class _Sums:
    """Whether lines are what their process wrote, by the sums that it wrote with them."""

    crc: int = 0

    def check(self, chunk: _Chunk) -> None:
        """Raise RecordUnreadable where some are not."""
        lines, at = chunk.lines, int(chunk.lines.at[0])
        data = lines.data.data
        for line in np.flatnonzero(lines.code == ord("c")).tolist():
            stop, crc = int(lines.at[line]), self.crc
            words = lines.text(line).split(" ")
            if len(words) != _SUM_WORDS or int(words[3], 16) != zlib.crc32(data[at:stop], crc):
                raise chunk.broken(
                    line,
                    f"the {words[-1]} lines above it are not what was written; judge a copy "
                    "of the journal that is whole",
                )
            last = lines.first[line] + lines.count[line] - 1
            at, self.crc = int(lines.end[last]) + 1, int(words[3], 16)
        self.crc = zlib.crc32(data[at : int(lines.end[-1]) + 1], self.crc)


@dataclass(slots=True)
class _Chunk:
    """Some lines of one file."""

    number: int
    file: ActsFile
    lines: Lines
    into: Acts
    first_s: float = inf

    def scan(self, take: Callable[[Sequence[str]], None]) -> None:
        lines = self.lines
        of, known = {}, np.zeros(len(lines.at), dtype=np.bool_)
        code = np.where(lines.data[lines.at + 1] == _BLANK, lines.code, 0)
        for letter in _SAYS:
            mine = np.flatnonzero(code == ord(letter))
            if not len(mine):
                continue
            count, known_n = lines.count[mine], _WORDS.get(letter)
            fits = count == known_n if known_n else count >= _WORDS_MIN[letter]
            mine = mine[fits]
            if len(mine):
                of[letter], known[mine] = (mine, self._entries(letter, mine)), True
        for line in np.flatnonzero(~known).tolist():
            self._other(line, take)
        if "n" in of and "a" in of:
            of["n"], of["a"] = self._pair(*of["n"], *of["a"], known)
        # Where each line's entry is: all others have none.
        at = np.cumsum(known) - 1
        # As bytes: arrays of many fields are filled field by field, in ten times the time.
        entries = np.empty(int(known.sum()), dtype=_BYTES)
        for mine, told in of.values():
            entries[at[mine]] = told.view(_BYTES)
        self.into.lines.add(entries.view(ACT))

    def _pair(
        self, opens: Ints, begun: Entries, tells: Ints, told: Entries, known: Flags
    ) -> tuple[tuple[Ints, Entries], tuple[Ints, Entries]]:
        """Keep what may be all of its record as one entry, and give the rest of both."""
        first, then = paired(begun, told)
        self.into.pairs.add(pairs_of(begun.take(first), told.take(then)))
        known[opens[first]] = known[tells[then]] = False
        left, rest = np.flatnonzero(known[opens]), np.flatnonzero(known[tells])
        return (opens[left], begun.take(left)), (tells[rest], told.take(rest))

    def _other(self, line: int, take: Callable[[Sequence[str]], None]) -> None:
        try:
            words = self.lines.text(line).split(" ")
            if words[0] in _SAYS:
                raise ValueError(f"a line {words[0]!r} of {len(words)} words")
            take(words)
        except (ValueError, IndexError) as error:
            raise self.broken(line, error) from error

    def broken(self, line: int, error: Exception | str) -> RecordUnreadable:
        return unreadable(self.file.path, int(self.lines.places[line]), error)

    def _entries(self, letter: str, mine: Ints) -> Entries:
        entries, says = np.zeros(len(mine), dtype=ACT), np.full(len(mine), _SAYS[letter])
        if letter in _KEY:
            says |= self._of_record(letter, mine, entries)
        else:
            self._of_save(letter, mine, entries)
        if says[0] & ~(OPENS | KEYS):
            entries["at_s"] = self._times(mine, 1)
        if says[0] & BEGINS:
            self.first_s = min(self.first_s, float(entries["at_s"].min()))
            entries["due_s"] = self._times(mine, _DUE_WORD)
            entries["digest"], whole = digests(self.lines, mine)
            says[whole] |= WHOLE
            if not whole.all():
                self._check_operations(mine[~whole])
        entries["place"] = packed(self.number, self.lines.places[mine], says)
        return entries

    def _of_record(self, letter: str, mine: Ints, entries: Entries) -> Ints:
        """Put in which record it is, and say where its key is told."""
        lines = self.lines
        entries["rec"] = lines.hashes(*lines.word(mine, _NAME[letter]))
        begin, end = lines.word(mine, _KEY[letter])
        entries["key"] = lines.hashes(begin, end)
        if _SAYS[letter] & OPENS:
            entries["form"] = lines.hashes(*lines.word(mine, _KEY[letter] - 1))
        if _SAYS[letter] & BEGINS:
            entries["save"] = first_saves(entries["rec"])
        return np.where((end - begin > 1) | (lines.data[begin] != _UNKNOWN), KEYS, 0)

    def _of_save(self, letter: str, mine: Ints, entries: Entries) -> None:
        """Put in which save it is, and of which record."""
        lines = self.lines
        begin, end = lines.word(mine, _NAME[letter])
        cut = before_revision(lines, mine, begin, end)
        for n in np.flatnonzero(cut < 0):
            line = int(mine[n])
            raise self.broken(line, f"no save is called {lines.text(line)!r:.200}")
        entries["rec"] = lines.hashes(begin, cut)
        # What follows is a revision of a few digits.
        rest = lines.eight(cut) & KEEP[np.minimum(end - cut, EIGHT)]
        entries["save"] = joined(entries["rec"], rest)

    def _check_operations(self, mine: Ints) -> None:
        """Raise RecordUnreadable where what begins is nothing that anybody does."""
        lines = self.lines
        begin, end = operation_of(lines, mine)
        word = lines.eight(begin) & KEEP[np.minimum(end - begin, EIGHT)]
        for line in mine[~np.isin(word, _OPERATIONS)][:1].tolist():
            raise self.broken(line, f"no operation is called so: {lines.text(line)!r:.200}")

    def _times(self, mine: Ints, number: int) -> Times:
        lines = self.lines
        begin, end = lines.word(mine, number)
        found, fine = times(lines, begin, end)
        odd = np.flatnonzero(~fine)
        if number == _DUE_WORD and len(odd):
            unpaced = (end[odd] - begin[odd] == 1) & (lines.data[begin[odd]] == _UNKNOWN)
            found[odd[unpaced]], odd = np.nan, odd[~unpaced]
        for n in odd.tolist():
            line = int(mine[n])
            try:
                found[n] = float(lines.text(line).split(" ")[number])
                if not np.isfinite(found[n]):
                    raise ValueError(f"no time is {found[n]}")
            except ValueError as error:
                raise self.broken(line, error) from error
        return found + self.file.shift_s if self.file.shift_s else found


def recs_with(file: ActsFile, prints: Hashes) -> Hashes:
    """The hashes of the records of which a save has one of these prints, whatever its field.

    What they add to a digest where a field has no name is sorted.
    """
    found = [np.zeros(0, dtype=np.uint64)]
    try:
        for lines in read_lines(file.path, file.offset):
            for letter, ahead in _WORDS_MIN.items():
                mine = np.flatnonzero((lines.code == ord(letter)) & (lines.count > ahead))
                has = np.zeros(len(mine), dtype=np.bool_)
                for some, _, _, told in fields_of(lines, mine):
                    hashes = digest_of(NAMELESS, told)
                    at = np.minimum(np.searchsorted(prints, hashes), len(prints) - 1)
                    has[some] |= prints[at] == hashes
                begin, end = lines.word(mine[has], _NAME[letter])
                if letter == "i":
                    end = before_revision(lines, mine[has], begin, end)
                found.append(lines.hashes(begin, end))
    except (OSError, ValueError) as error:
        raise RecordUnreadable(f"the journal {file.path} cannot be read: {error}") from error
    return np.unique(np.concatenate(found))


def before_revision(lines: Lines, mine: Ints, begin: Ints, end: Ints) -> Ints:
    """Where the id of each save's record ends, ahead of ``/sREVISION``; -1 where it does not."""
    cut = np.full(len(mine), -1, dtype=np.int64)
    left = np.arange(len(mine))
    for chars in range(3, 3 + _REVISION_CHARS_MAX):
        at = np.maximum(end[left] - chars, begin[left])
        hit = lines.data[at] == ord("/")
        cut[left[hit]] = at[hit]
        left = left[~hit]
        if not len(left):
            break
    return cut


def unreadable(path: Path, place: int, error: Exception | str) -> RecordUnreadable:
    """That a line cannot be read, by its number in the file."""
    number = 1
    try:
        with path.open("rb") as stream:
            left = place
            while left > 0 and (read := stream.read(min(left, 1 << 20))):
                number += read.count(b"\n")
                left -= len(read)
    except OSError:
        return RecordUnreadable(f"{path}, byte {place}: {error}")
    return RecordUnreadable(f"{path}, line {number}: {error}")


def form_hashes(names: Sequence[str]) -> Hashes:
    """The hash of each form's name as a journal spells it."""
    return np.array([hash_of(quote(name)) for name in names], dtype=np.uint64)


class Texts:
    """Lines of files by their places."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = paths
        self._fds: dict[int, int] = {}

    def __reduce__(self) -> tuple[type[Texts], tuple[Sequence[Path]]]:
        # Another process opens them anew.
        return Texts, (self._paths,)

    def words(self, packed_place: int) -> list[str]:
        """The words of one line; raises RecordUnreadable where it is not there any more."""
        try:
            return self._line(packed_place).decode("ascii").split(" ")
        except (OSError, ValueError) as error:
            raise self._unreadable(packed_place, error) from error

    def short(self, packed_places: Iterable[int]) -> Lines:
        """A line for each of some places, empty for one that is long; raises as :meth:`words`."""
        found = []
        for packed_place in packed_places:
            try:
                found.append(self._line(packed_place, is_short=True))
            except (OSError, ValueError) as error:
                raise self._unreadable(packed_place, error) from error
        return lines_of(b"\n".join([*found, b""]))

    def _line(self, packed_place: int, *, is_short: bool = False) -> bytes:
        file, place = unpacked(packed_place)
        if file not in self._fds:
            self._fds[file] = os.open(self._paths[file], os.O_RDONLY | os.O_CLOEXEC)
        size = SHORT_BYTES
        while True:
            read = os.pread(self._fds[file], size, place)
            line, newline, _ = read.partition(b"\n")
            if newline:
                return line
            if len(read) < size:
                raise ValueError("it was cut while it was in use")
            if is_short:
                return b""
            size *= 8

    def _unreadable(self, packed_place: int, error: Exception) -> RecordUnreadable:
        file, place = unpacked(packed_place)
        return unreadable(self._paths[file], place, error)

    def close(self) -> None:
        """Close the files."""
        for fd in self._fds.values():
            os.close(fd)
        self._fds = {}


def runs(hashes: Hashes | Ints) -> tuple[Ints, Ints]:
    """Where each run of equal hashes begins, and how long it is; they are sorted."""
    if not len(hashes):
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    begin = np.concatenate(([0], np.flatnonzero(hashes[1:] != hashes[:-1]) + 1)).astype(np.int64)
    return begin, np.diff(np.append(begin, len(hashes)))


def counted(numbers: Ints | Hashes) -> Iterator[tuple[int, int]]:
    """Each number that there is, and how often."""
    # numpy's own way imports what takes as long as judging ten thousand saves.
    ordered = numbers.copy()
    ordered.sort()
    begin, size = runs(ordered)
    return zip(ordered[begin].tolist(), size.tolist(), strict=True)
