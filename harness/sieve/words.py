"""Lines of a file as arrays: where their words are, and hashes of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Ints: TypeAlias = npt.NDArray[np.int64]
Hashes: TypeAlias = npt.NDArray[np.uint64]
Flags: TypeAlias = npt.NDArray[np.bool_]
Times: TypeAlias = npt.NDArray[np.float64]

CHUNK_BYTES = 2 << 20
# A line that is longer than this was written by nobody here.
LINE_BYTES_MAX = 64 << 20
# Room for a word of eight bytes to be read at any place.
_PAD = 16
_BLANK, _NEWLINE = ord(" "), ord("\n")
_U = np.uint64
_MIX = (_U(0x9E3779B97F4A7C15), _U(0xC2B2AE3D27D4EB4F), _U(0x165667B19E3779F9))
KEEP = np.array([(1 << (8 * n)) - 1 for n in range(9)], dtype=np.uint64)


@dataclass(frozen=True, slots=True)
class Lines:
    """Whole lines of a file, of which the first byte stands at offset.

    Of the words of line n the first is number first[n] of all words, and there are count[n].
    begin and end are places of words in data; at is where lines begin. code holds the first byte
    of each line.
    """

    data: npt.NDArray[np.uint8]
    offset: int
    at: Ints
    first: Ints
    count: Ints
    begin: Ints
    end: Ints

    @property
    def code(self) -> npt.NDArray[np.uint8]:
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

    def word(self, lines: Ints, number: int) -> tuple[Ints, Ints]:
        """Where a word of each of these lines begins and ends; they have so many words."""
        at = self.first[lines] + number
        return self.begin[at], self.end[at]

    def last_word(self, lines: Ints) -> tuple[Ints, Ints]:
        """Where the last word of each of these lines begins and ends."""
        at = self.first[lines] + self.count[lines] - 1
        return self.begin[at], self.end[at]

    def eight(self, at: Ints) -> Hashes:
        """The eight bytes from each place on."""
        # At every place, not at every eighth: words begin where they begin.
        places = np.ndarray((len(self.data) - 7,), dtype="<u8", buffer=self.data.data, strides=(1,))
        found: Hashes = places[at]
        return found

    def hashes(self, begin: Ints, end: Ints) -> Hashes:
        """A hash of 64 bits of the bytes between each pair of places."""
        size = end - begin
        found = size.astype(np.uint64) * _MIX[2]
        for n in range(-(-int(size.max(initial=0)) // 8)):
            left = size - 8 * n
            some = slice(None) if n < 2 else np.flatnonzero(left > 0)
            part = self.eight(np.minimum(begin[some] + 8 * n, len(self.data) - 8))
            part &= KEEP[np.clip(left[some], 0, 8)]
            found[some] += mixed(part, n)
        return mixed(found, 0)


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


@cache
def hash_of(word: str) -> int:
    """The hash of one word, as :meth:`Lines.hashes` has it."""
    data = np.zeros(2 * _PAD + len(word), dtype=np.uint8)
    data[_PAD : _PAD + len(word)] = np.frombuffer(word.encode("ascii"), dtype=np.uint8)
    empty = np.zeros(0, dtype=np.int64)
    lines = Lines(data, 0, empty, empty, empty, empty, empty)
    begin = np.array([_PAD])
    return int(lines.hashes(begin, begin + len(word))[0])


def digest_of(names: Hashes, prints: Hashes) -> Hashes:
    """What one field adds to the digest of its row, from the hashes of its name and its print."""
    return mixed(prints ^ (names * _MIX[2]), 1)


def read_lines(path: Path, offset: int, chunk_bytes: int = CHUNK_BYTES) -> Iterator[Lines]:
    """The file's whole lines from an offset on, some at a time; a last one without its end is not.

    Raises OSError, and ValueError on a line that is too long for any writer.
    """
    with path.open("rb", buffering=0) as stream:
        stream.seek(offset)
        rest = b""
        while read := stream.read(chunk_bytes):
            whole, newline, cut = read.rpartition(b"\n")
            if not newline:
                rest += read
                if len(rest) > LINE_BYTES_MAX:
                    raise ValueError(f"a line of more than {LINE_BYTES_MAX} bytes at {offset}")
                continue
            yield lines_of(rest + whole + newline, offset)
            offset += len(rest) + len(whole) + 1
            rest = cut


def lines_of(text: bytes, offset: int = 0) -> Lines:
    """Whole lines, each of which has its end."""
    data = np.zeros(len(text) + 2 * _PAD, dtype=np.uint8)
    data[_PAD : _PAD + len(text)] = np.frombuffer(text, dtype=np.uint8)
    # Nothing else that is so small stands in a line: whatever else there was is encoded.
    end = np.flatnonzero(data[_PAD : _PAD + len(text)] <= _BLANK) + _PAD
    last = np.flatnonzero(data[end] == _NEWLINE)
    first = np.concatenate((np.zeros(1, dtype=np.int64), last[:-1] + 1))
    begin = np.concatenate((np.full(1, _PAD, dtype=np.int64), end[:-1] + 1))
    return Lines(data, offset, begin[first], first, last - first + 1, begin, end)


_TEN = (_U(2561), _U(6553601), _U(42949672960001))
_HALVES = (_U(0x00FF00FF00FF00FF), _U(0x0000FFFF0000FFFF))
_ZEROS, _HIGH, _SIX = _U(0x3030303030303030), _U(0xF0F0F0F0F0F0F0F0), _U(0x0606060606060606)
_DOT = ord(".")
_FRACTION_CHARS, _WHOLE_CHARS_MAX = 6, 8


def times(lines: Lines, begin: Ints, end: Ints) -> tuple[Times, Flags]:
    """Seconds as journals write them, with six digits after the point; and whether they are so."""
    dot = end - _FRACTION_CHARS - 1
    chars = dot - begin
    fine = (chars >= 1) & (chars <= _WHOLE_CHARS_MAX)
    dot = np.where(fine, dot, _PAD)
    fine &= lines.data[dot] == _DOT
    # The point and what stands before it become zeros, and so does what stands before the number.
    six = lines.eight(dot - 1)
    six = (six & ~KEEP[2]) | (_ZEROS & KEEP[2])
    whole = lines.eight(dot - 8)
    cut = KEEP[np.clip(8 - chars, 0, 8)]
    whole = (whole & ~cut) | (_ZEROS & cut)
    fine &= _are_digits(six) & _are_digits(whole)
    micros = _number(whole) * _U(1_000_000) + _number(six)
    return micros.astype(np.float64) / 1e6, fine


def _are_digits(eight: Hashes) -> Flags:
    found: Flags = ((eight & _HIGH) == _ZEROS) & (((eight + _SIX) & _HIGH) == _ZEROS)
    return found


def _number(eight: Hashes) -> Hashes:
    """Eight digits as the number they spell, all at once."""
    found = ((eight ^ _ZEROS) * _TEN[0]) >> _U(8)
    found = ((found & _HALVES[0]) * _TEN[1]) >> _U(16)
    return ((found & _HALVES[1]) * _TEN[2]) >> _U(32)
