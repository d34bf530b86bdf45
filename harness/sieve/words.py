"""Lines of a file as arrays: where their words are, and hashes of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from harness.contracts import PRINT_CHARS

Ints: TypeAlias = npt.NDArray[np.int64]
Hashes: TypeAlias = npt.NDArray[np.uint64]
Flags: TypeAlias = npt.NDArray[np.bool_]
Bytes: TypeAlias = npt.NDArray[np.uint8]
Times: TypeAlias = npt.NDArray[np.float64]

CHUNK_BYTES = 768 << 10
# An allocator that was given back a piece of this size keeps what is smaller for whoever asks next.
FREED_BYTES = 4 << 20
# Names of forms and fields come again and again; of keys, which are asked for too, there is no end.
HASHES_MAX = 4_096
# A line that is longer than this was written by nobody here.
LINE_BYTES_MAX = 64 << 20
# So many times eight bytes of a word are read at once, and there is room for it at any place.
_NEAR = 4
_PAD = 32
_BLANK, _NEWLINE = ord(" "), ord("\n")
_U = np.uint64
_MIX = (_U(0x9E3779B97F4A7C15), _U(0xC2B2AE3D27D4EB4F), _U(0x165667B19E3779F9))
EIGHT = 8
KEEP = np.array([(1 << (8 * n)) - 1 for n in range(9)], dtype=np.uint64)
# By the size of a word: what stays of its first eight bytes, of those behind them, and so on.
_KEEPS = [
    KEEP[[min(max(size - EIGHT * n, 0), EIGHT) for size in range(EIGHT * _NEAR + 1)]]
    for n in range(_NEAR)
]
# A fingerprint is so many times eight bytes, and this is what stays of one of one character.
PRINT_WORDS = PRINT_CHARS // EIGHT
ODD = np.array([0xFF] + [0] * (PRINT_WORDS - 1), dtype=np.uint64)


def keep_freed() -> None:
    """Have memory that arrays give back stay here, as the next ones need as much of it again.

    Else much of the time goes into asking the system for it. What is given back is never used.
    """
    np.empty(FREED_BYTES, dtype=np.uint8)


@dataclass(frozen=True, slots=True)
class Lines:
    """Whole lines of a file, of which the first byte stands at offset.

    Of the words of line n the first is number first[n] of all words, and there are count[n]. bounds
    are the places in data between words: number k begins behind that of number k and ends at the
    next. at is where lines begin. code holds the first byte of each line.
    """

    data: Bytes
    offset: int
    at: Ints
    first: Ints
    count: Ints
    bounds: Ints

    @property
    def begin(self) -> Ints:
        """Where each word begins, in data."""
        found: Ints = self.bounds[:-1] + 1
        return found

    @property
    def end(self) -> Ints:
        """Where each word ends, in data."""
        return self.bounds[1:]

    @property
    def code(self) -> Bytes:
        """The first byte of each line."""
        return self.data[self.at]

    @property
    def places(self) -> Ints:
        """Where each line stands in its file."""
        return self.at - _PAD + self.offset

    @property
    def end_place(self) -> int:
        """Where the last line's end is over, in its file."""
        return int(self.end[-1]) + 1 - _PAD + self.offset

    def text(self, line: int) -> str:
        """One line without its end; raises ValueError where it is not ASCII."""
        last = self.first[line] + self.count[line] - 1
        return bytes(self.data[self.at[line] : self.end[last]]).decode("ascii")

    def word(self, lines: Ints, number: int | Ints) -> tuple[Ints, Ints]:
        """Where a word of each of these lines begins and ends; they have so many words."""
        return self._of(self.first.take(lines) + number)

    def last_word(self, lines: Ints) -> tuple[Ints, Ints]:
        """Where the last word of each of these lines begins and ends."""
        return self._of(self.first.take(lines) + self.count.take(lines) - 1)

    def _of(self, words: Ints) -> tuple[Ints, Ints]:
        return self.bounds.take(words) + 1, self.bounds.take(words + 1)

    def eight(self, at: Ints) -> Hashes:
        """The eight bytes from each place on."""
        found: Hashes = self.eights(at, 1)[:, 0]
        return found

    def eights(self, at: Ints, count: int) -> Hashes:
        """So many times the eight bytes from each place on, a row for each."""
        size = EIGHT * count
        # At every place, not at every eighth: words begin where they begin. As what has no meaning
        # yet they are taken without a look at where they stand.
        places = np.ndarray(
            (max(0, len(self.data) - size + 1),),
            dtype=np.dtype((np.void, size)),
            buffer=self.data.data,
            strides=(1,),
        )
        found: Hashes = places[at].view("<u8").reshape(len(at), count)
        return found

    def hashes(self, begin: Ints, end: Ints) -> Hashes:
        """A hash of 64 bits of the bytes between each pair of places."""
        size = end - begin
        found = size.astype(np.uint64)
        parts_n = -(-int(size.max(initial=0)) // EIGHT)
        # Words are short; of one that is not the rest is looked at apart from all others.
        near_n = min(parts_n, _NEAR)
        parts = self.eights(begin, near_n) if near_n else np.zeros((len(begin), 0), np.uint64)
        for n in range(near_n):
            part = parts[:, n] & _KEEPS[n].take(size, mode="clip")
            np.copyto(found, _with(part, found), where=size > EIGHT * n)
        for n in range(near_n, parts_n):
            some = np.flatnonzero(size > EIGHT * n)
            part = self.eight(begin[some] + EIGHT * n)
            part &= KEEP[np.minimum(size[some] - EIGHT * n, EIGHT)]
            found[some] = _with(part, found[some])
        return found


def order_of(hashes: Hashes) -> Ints:
    """What sorts them, equal ones in their order; the same as a stable sort, in less time."""
    # The last bits of each give way to its place: what is sorted then says where it stood.
    places = _U((1 << len(hashes).bit_length()) - 1)
    order = (hashes & ~places) | np.arange(len(hashes), dtype=np.uint64)
    order.sort()
    found = (order & places).astype(np.int64)
    told = hashes[found]
    if (told[1:] < told[:-1]).any():
        return np.argsort(hashes, kind="stable")
    return found


def joined(first: Hashes, rest: Hashes) -> Hashes:
    """A hash of two things by the hash of the one and a number for the other."""
    return first ^ mixed(rest, 4)


def mixed(part: Hashes, nth: int) -> Hashes:
    """The nth of several numbers, so that their sum depends on each and on its place; 0 stays 0."""
    found = part * (_MIX[0] + _U(2 * nth))
    found ^= found >> _U(32)
    found *= _MIX[1]
    found ^= found >> _U(29)
    return found


def _with(part: Hashes, before: Hashes) -> Hashes:
    """Numbers that depend on one more part each, and on the order of their parts."""
    found = before ^ part
    found *= _MIX[0]
    found ^= found >> _U(32)
    return found


@lru_cache(HASHES_MAX)
def hash_of(word: str) -> int:
    """The hash of one word, as :meth:`Lines.hashes` has it."""
    lines = lines_of(word.encode("ascii") + b"\n")
    return int(lines.hashes(lines.begin[:1], lines.end[-1:])[0])


def digest_of(names: Hashes, prints: Hashes) -> Hashes:
    """What one field adds to the digest of its row: the hash of its name, the bytes of its print.

    prints has a row of eights for each; behind one of one character are nothing but zeros.
    """
    found = names * _MIX[2]
    for n in range(PRINT_WORDS):
        found = _with(prints[..., n], found)
    return found


NAMELESS = np.zeros(1, dtype=np.uint64)


def words_of(prints: Iterable[str]) -> Hashes:
    """Fingerprints as :func:`digest_of` takes them."""
    data = b"".join(print_.encode("ascii").ljust(PRINT_CHARS, b"\0") for print_ in prints)
    return np.frombuffer(data, dtype="<u8").reshape(-1, PRINT_WORDS)


def read_lines(path: Path, offset: int, chunk_bytes: int = CHUNK_BYTES) -> Iterator[Lines]:
    """The file's whole lines from an offset on, some at a time; a last one without its end is not.

    Raises OSError, and ValueError on a line that is too long for any writer.
    """
    with path.open("rb", buffering=0) as stream:
        stream.seek(offset)
        rest = np.zeros(0, dtype=np.uint8)
        while True:
            data = np.empty(len(rest) + chunk_bytes + 2 * _PAD, dtype=np.uint8)
            begin = _PAD + len(rest)
            data[:_PAD], data[_PAD:begin] = 0, rest
            size = stream.readinto(data[begin:-_PAD].data)
            if not size:
                return
            data[begin + size : begin + size + _PAD] = 0
            lines = _lines(data, begin + size, offset)
            if lines is None:
                rest = data[_PAD : begin + size]
                if len(rest) > LINE_BYTES_MAX:
                    raise ValueError(f"a line of more than {LINE_BYTES_MAX} bytes at {offset}")
                continue
            rest, offset = data[int(lines.end[-1]) + 1 : begin + size], lines.end_place
            yield lines


def lines_of(text: bytes) -> Lines:
    """Some whole lines that stand in no file."""
    data = np.zeros(len(text) + 2 * _PAD, dtype=np.uint8)
    data[_PAD:-_PAD] = np.frombuffer(text, dtype=np.uint8)
    found = _lines(data, len(text) + _PAD, 0)
    if found is None:
        raise ValueError("no line ends")
    return found


def _lines(data: Bytes, over: int, offset: int) -> Lines | None:
    """The whole lines of what stands in data until there; None without any."""
    # Nothing else that is so small stands in a line, as whatever else there was is encoded; and
    # ahead of all of them there is nothing but zeros.
    bounds = np.flatnonzero(data[:over] <= _BLANK)[_PAD - 1 :]
    last = np.flatnonzero(data.take(bounds[1:]) == _NEWLINE)
    if not len(last):
        return None
    first = np.concatenate((np.zeros(1, dtype=np.int64), last[:-1] + 1))
    at = bounds.take(first) + 1
    return Lines(data, offset, at, first, last - first + 1, bounds[: last[-1] + 2])


_TEN = (_U(2561), _U(6553601), _U(42949672960001))
_HALVES = (_U(0x00FF00FF00FF00FF), _U(0x0000FFFF0000FFFF))
_ZEROS, _OVER_NINE, _HIGH = _U(0x3030303030303030), _U(0x7676767676767676), _U(0x8080808080808080)
_DOT = _U(ord("."))
_FRACTION_CHARS, _WHOLE_CHARS_MAX = 6, 8
# By how many characters a time has: what is kept of the eight ahead of its point.
_WHOLE = ~KEEP[[8] * (_FRACTION_CHARS + 1) + list(range(8, -1, -1))]


def times(lines: Lines, begin: Ints, end: Ints) -> tuple[Times, Flags]:
    """Seconds as journals write them, with six digits after the point; and whether they are so."""
    chars = end - begin
    # What stands before the point, and the point with what stands behind it.
    both = lines.eights(end - _FRACTION_CHARS - 1 - EIGHT, 2)
    fine = (both[:, 1] & KEEP[1]) == _DOT
    fine &= (chars > _FRACTION_CHARS + 1) & (chars < len(_WHOLE))
    # As digits: the point counts as none, nor does what stands before the number.
    digits = np.empty((2, len(both)), dtype=np.uint64)
    np.bitwise_and(both[:, 0] ^ _ZEROS, _WHOLE.take(chars, mode="clip"), out=digits[0])
    np.bitwise_and((both[:, 1] << _U(8)) ^ _ZEROS, ~KEEP[2], out=digits[1])
    odd = ((digits + _OVER_NINE) | digits) & _HIGH
    fine &= (odd[0] | odd[1]) == 0
    numbers = _number(digits)
    return (numbers[0] * _U(1_000_000) + numbers[1]).astype(np.float64) / 1e6, fine


def _number(digits: Hashes) -> Hashes:
    """Eight digits as the number they spell, all at once."""
    found = (digits * _TEN[0]) >> _U(8)
    found = ((found & _HALVES[0]) * _TEN[1]) >> _U(16)
    return ((found & _HALVES[1]) * _TEN[2]) >> _U(32)
