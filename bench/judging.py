"""How long a load takes to be judged, also beside a COPY of its rows, and what memory."""

from __future__ import annotations

import hashlib
import json
import sys
import time
import zlib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg

from bench.calling import call
from bench.judge_one import LOST, NAMES, NOTE
from bench.memory import peak_mb
from harness.contracts import fingerprint
from harness.deploy.postgres import postgres_server
from harness.errors import EvidenceError
from harness.journal.volume import SCHEMA

# What one save stores, keys and all.
ROW_BYTES = 840
USERS_N = 200
RATE = 5_000
SUM_LINES = 1_000
# How long after it was begun a save is answered, and how long ago all of it was over: longer than
# storage may take to settle.
ANSWERED_S, OVER_S = 0.02, 10.0
TIMEOUT_S_MAX = 3_600.0
# What is written again in every other note, where notes are corrected, and so many notes later.
CORRECTED = ("history", "conclusion")
LATER_N = 500
# By how many saves there are, what the loads took that were judged so far.
_peaks_mb: dict[int, list[float]] = {}


def ratios(pairs_n: int, saves_n: int) -> Iterator[float]:
    """One ratio a pair: rows read and judged, over rows read by COPY and dropped."""
    with _made(saves_n) as (dsn, folder):
        for _ in range(pairs_n):
            copied_s = _copied_s(dsn)
            judged_s, most_mb = _judged(dsn, folder, saves_n)
            print(
                f"judging {saves_n:,} saves: {judged_s:.2f} s, COPY alone {copied_s:.2f} s, "
                f"peak {most_mb:.0f} MB",
                flush=True,
            )
            _peaks_mb.setdefault(saves_n, []).append(most_mb)
            yield judged_s / copied_s


def seconds(loads_n: int, saves_n: int, *, corrected: bool = False) -> Iterator[float]:
    """One figure a load: how long it takes to be judged; corrected: a third of it are corrections.

    There each of two notes is saved once, and the other once more.
    """
    with _made(saves_n, corrected=corrected) as (dsn, folder):
        for _ in range(loads_n):
            yield _judged(dsn, folder, saves_n)[0]


def peaks_mb(loads_n: int, saves_n: int) -> Iterator[float]:
    """One figure a load: the peak memory of all processes that judge it.

    Those of loads that were judged ahead, for how long it takes, are theirs as well.
    """
    if saves_n in _peaks_mb:
        yield from _peaks_mb[saves_n]
        return
    with _made(saves_n) as (dsn, folder):
        for _ in range(loads_n):
            yield _judged(dsn, folder, saves_n)[1]


def _copied_s(dsn: str) -> float:
    with psycopg.connect(dsn, autocommit=True) as connection:
        wire = connection.pgconn
        began_s = time.monotonic()
        wire.exec_(b"COPY note TO STDOUT")
        while wire.get_copy_data(0)[0] > 0:
            pass
        while wire.get_result() is not None:
            pass
        return time.monotonic() - began_s


def _judged(dsn: str, folder: Path, saves_n: int) -> tuple[float, float]:
    """Seconds, and the peak memory of all processes that judged; in a process of its own."""
    command = [sys.executable, "-m", "bench.judge_one", dsn, str(folder), str(saves_n)]
    with peak_mb() as peak:
        done = call(command, Path(__file__).parent.parent, TIMEOUT_S_MAX)
    if done.returncode != 0:
        raise EvidenceError(f"the load was not judged: {done.stdout}{done.stderr}")
    return float(done.stdout), peak()


@contextmanager
def _made(saves_n: int, *, corrected: bool = False) -> Iterator[tuple[str, Path]]:
    """A database that holds what a load saved, but for one save, and the load's journal."""
    with ExitStack() as stack:
        made = stack.enter_context(TemporaryDirectory(prefix="bench-"))
        Path(made, "postgres").mkdir()
        dsn = stack.enter_context(postgres_server(Path(made, "postgres")))
        connection = stack.enter_context(psycopg.connect(dsn, autocommit=True))
        columns = ", ".join(f"{name} text" for name in NAMES)
        connection.execute(f"CREATE UNLOGGED TABLE note (id bigint, {columns})".encode())
        with (
            connection.cursor() as cursor,
            cursor.copy("COPY note FROM STDIN") as copy,
            Path(made, "load-0-1.acts").open("wb") as journal,
        ):
            _Journal(journal, _clock_of(saves_n)).write(saves_n, copy, corrected=corrected)
        connection.execute("VACUUM ANALYZE note")
        yield dsn, Path(made)


@dataclass(frozen=True, slots=True)
class _Clock:
    """When each save was begun, by its number: on this host's monotonic clock, and in the past."""

    begin_s: float
    rate: float

    def at_s(self, number: int, after_s: float = 0.0) -> str:
        return f"{self.begin_s + number / self.rate + after_s:.6f}"


def _clock_of(saves_n: int) -> _Clock:
    """A load that is over by now, also on a host that is up for less than it would have taken."""
    over_s = time.monotonic() - OVER_S
    rate = max(RATE, 2 * saves_n / over_s)
    return _Clock(over_s - saves_n / rate, rate)


class _Journal:
    """A load's journal as its process would have written it, and the rows that it speaks of."""

    def __init__(self, stream: object, clock: _Clock) -> None:
        self._stream, self._clock = stream, clock
        self._crc = self._lines_n = 0

    def write(self, saves_n: int, copy: psycopg.Copy, *, corrected: bool) -> None:
        head = json.dumps({"schema": SCHEMA, "worker": 0, "name": "", "pid": 1})
        self._raw(f"{head}\n".encode())
        under_way: list[str] = []
        notes_n = saves_n * 2 // 3 if corrected else saves_n
        for number in range(notes_n + (LATER_N if corrected else 0)):
            if number < notes_n:
                copy.write_row((number, *_stored(number, corrected=corrected)))
                self._lines(self._begun(number))
                under_way.append(self._told(number))
            first = number - LATER_N
            if corrected and first >= 0 and first % 2:
                self._lines(self._begun_again(first, number))
                under_way.append(self._told(first, number, save="s2"))
            while len(under_way) > RATE // 50:
                self._lines(under_way.pop(0))
        for line in under_way:
            self._lines(line)

    def _begun(self, number: int) -> str:
        at_s = self._clock.at_s(number)
        owed = _owed(zip(NAMES, _texts(number), strict=True))
        return f"n {at_s} {at_s} {_record(number)} note {number} save {owed}\n"

    def _begun_again(self, number: int, after: int) -> str:
        at_s, owed = self._clock.at_s(after), _owed(_corrections(number).items())
        return f"i {at_s} {at_s} {_record(number)}/s2 save {owed}\n"

    def _told(self, number: int, after: int | None = None, save: str = "s1") -> str:
        at_s = self._clock.at_s(number if after is None else after, ANSWERED_S)
        return f"a {at_s} {_record(number)}/{save} PATCH%20/notes/{number}%20204\n"

    def _lines(self, text: str) -> None:
        data = text.encode("ascii")
        self._crc = zlib.crc32(data, self._crc)
        self._lines_n += data.count(b"\n")
        self._raw(data)
        if self._lines_n >= SUM_LINES:
            self._raw(f"c 1.000000 1.000000 {self._crc:08x} {self._lines_n}\n".encode())
            self._lines_n = 0

    def _raw(self, data: bytes) -> None:
        self._stream.write(data)  # type: ignore[attr-defined]


def _record(number: int) -> str:
    """Each user works on a hundred records, and is then called otherwise."""
    trial = number // (USERS_N * 100) * USERS_N + number % USERS_N
    return f"load/{trial}/1/r{number // USERS_N % 100 + 1}"


def _owed(texts: Iterable[tuple[str, str]]) -> str:
    return " ".join(f"{name}=plain:{_print(text)}" for name, text in texts)


def _print(text: str) -> str:
    return fingerprint(text, NOTE.fields[0].contract)


def _stored(number: int, *, corrected: bool) -> list[str]:
    """What the note's row holds, without the last save of the one that is lost."""
    if not corrected or number % 2 == 0:
        return _texts(-1 if number == LOST else number)
    again = {} if number == LOST else _corrections(number)
    return [again.get(name, text) for name, text in zip(NAMES, _texts(number), strict=True)]


def _corrections(number: int) -> dict[str, str]:
    texts = dict(zip(NAMES, _texts(number), strict=True))
    return {name: texts[name][::-1] for name in CORRECTED}


def _texts(number: int) -> list[str]:
    """Four texts that differ from note to note and from field to field."""
    length = ROW_BYTES // len(NAMES)
    noise = hashlib.blake2b(str(number).encode()).hexdigest() * 2
    return [f"{name} of {number}: {noise}"[:length] for name in NAMES]
