"""What a load's journal adds up to: saves by their states, how long they took, second by second.

Every save is looked at once as a line of numbers; what is kept does not grow with their number.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from harness.checks.clustering import NO_FAULT, reaches
from harness.checks.history import Fault
from harness.errors import RecordUnreadable
from harness.exhibits import LoadSecond
from harness.journal.schedule import Schedule
from harness.journal.volume import State
from harness.sieve.acts import counted, runs
from harness.sieve.join import ACKNOWLEDGED, REFUSED, UNKNOWN
from harness.sieve.spill import Entries
from harness.sieve.told import Told

# When something lasted, from and to, on the host's monotonic clock.
Span: TypeAlias = tuple[float, float]
Numbers: TypeAlias = npt.NDArray[np.int64]
# A save that begins later than this after it was due had no user to make it.
LATE_S = 0.05
# Who is told later than this after the rate's end was not served at that rate.
GRACE_S = 1.0
# Each second of a load is drawn; no load lasts for so many.
SECONDS_MAX = 1_000_000
_STATES: Mapping[int, State] = {
    ACKNOWLEDGED: "acknowledged",
    REFUSED: "refused",
    UNKNOWN: "unknown",
}
# Times are told in microseconds; those that share all but their last bits are counted together.
_BITS = 10
_LAST = (1 << _BITS) - 1
_BUCKETS_N = 1 << 22


@dataclass(slots=True)
class FormCourse:
    """The saves of one form; told is what was said of the first in each state, if anything was."""

    tried_n: int = 0
    states: dict[State, int] = field(default_factory=lambda: dict.fromkeys(_STATES.values(), 0))
    told: dict[State, str] = field(default_factory=dict)


@dataclass(slots=True)
class Course:
    """What a load did, by its own journal.

    cut_n journals end in the middle of a line. start_s is when it began, over_s when its last save
    had its outcome. excused_n are saves that are unknown because of a fault of ours. Of saves that
    were due at the peak: began_n were begun, late_n of them late, ended_n had their outcome in time
    and served_n were acknowledged by then. took_us are percentiles of the time from when a save was
    due to its acknowledgement, of took_n saves; slowest_us is the longest. service_ms is the mean
    time from a beginning to an outcome, longest_ms the longest, ended_at_all_n how many had one.
    """

    schedules: Sequence[Schedule] = ()
    spans: Sequence[Span] = ()
    records_n: int = 0
    orphans_n: int = 0
    cut_n: int = 0
    start_s: float = 0.0
    over_s: float = 0.0
    excused_n: int = 0
    forms: dict[str, FormCourse] = field(default_factory=dict)
    told: dict[State, str] = field(default_factory=dict)
    began_n: int = 0
    late_n: int = 0
    ended_n: int = 0
    served_n: int = 0
    ended_at_all_n: int = 0
    took_n: int = 0
    took_us: dict[int, int] = field(default_factory=dict)
    slowest_us: int = 0
    met: Counter[str] = field(default_factory=Counter)
    service_ms: float = 0.0
    longest_ms: float = 0.0
    seconds: tuple[LoadSecond, ...] = ()

    @property
    def states(self) -> dict[State, int]:
        """How many saves are in each state."""
        return {
            state: sum(form.states[state] for form in self.forms.values())
            for state in _STATES.values()
        }


def course_of(load: Told, faults: Sequence[Fault] = ()) -> Course:
    """Add up everything that a load journaled; what our own faults made of it is nobody's fault."""
    volume = load.volume
    course = Course(
        schedules=tuple(volume.schedules),
        spans=held_spans(volume.schedules),
        records_n=load.records_n,
        orphans_n=max(volume.orphans_n, load.orphans_n),
        cut_n=load.cut_n,
        start_s=load.start_s,
    )
    words, adding = _Words(load, course), _Adding(course)
    faults = faults_within(volume.schedules, faults)
    for went in _parts(load, faults, course):
        words.add(went)
        adding.add(went)
        course.met.update(_met(went, faults))
    words.close()
    course.took_us = _percentiles(load, faults, adding)
    adding.close()
    return course


def faults_within(schedules: Sequence[Schedule], faults: Sequence[Fault]) -> tuple[Fault, ...]:
    """The faults that began while a load went on."""
    if not schedules:
        return ()
    from_s = min(schedule.start_s for schedule in schedules)
    to_s = max(schedule.end_s for schedule in schedules)
    return tuple(fault for fault in faults if from_s <= fault.began_s <= to_s)


def held_spans(schedules: Sequence[Schedule]) -> list[Span]:
    """When every process held its full rate."""
    together = zip(*(schedule.held_s for schedule in schedules), strict=False)
    spans = ((max(s[0] for s in each), min(s[1] for s in each)) for each in together)
    return [(from_s, to_s) for from_s, to_s in spans if from_s < to_s]


def _met(went: Entries, faults: Sequence[Fault]) -> Counter[str]:
    """How many acknowledged saves met each fault, and how many none."""
    told_s = went["ended_s"][went["state"] == ACKNOWLEDGED]
    counts: Counter[str] = Counter()
    for name, from_s, to_s in reaches(faults):
        counts[name] += int(((from_s < told_s) & (told_s <= to_s)).sum())
    counts[NO_FAULT] = len(told_s) - counts.total()
    return counts


def _parts(load: Told, faults: Sequence[Fault], course: Course | None) -> Iterator[Entries]:
    """Every save, all of a second in one part, with what a fault overlapped excused."""
    for partition in range(load.went.partitions_n):
        went = load.went.read(partition)
        if not len(went):
            continue
        over_s = _over_s(went)
        met = np.zeros(len(went), dtype=np.bool_)
        for fault in faults:
            met |= (fault.began_s <= over_s) & (went["began_s"] <= fault.ended_s)
        met &= went["state"] != ACKNOWLEDGED
        went["state"][met] = UNKNOWN
        if course is not None:
            course.excused_n += int(met.sum())
            course.over_s = max(course.over_s, float(over_s.max()))
        yield went


def _over_s(went: Entries) -> npt.NDArray[np.float64]:
    found: npt.NDArray[np.float64] = np.where(
        np.isnan(went["ended_s"]), went["began_s"], went["ended_s"]
    )
    return found


class _Words:
    """How many saves of each form are in each state, and what was said of the first of them."""

    def __init__(self, load: Told, course: Course) -> None:
        self._load = load
        self._course = course
        self._counts: dict[int, Numbers] = {}
        self._opened: dict[int, int] = {}
        self._first: dict[tuple[int, int], tuple[int, int, int]] = {}

    def add(self, went: Entries) -> None:
        """Count some saves."""
        for form, _ in counted(went["form"]):
            mine = went[went["form"] == form]
            counts = np.bincount(mine["state"], minlength=len(_STATES))
            self._counts[form] = self._counts.get(form, 0) + counts
            self._opened[form] = int(mine["opened"][0])
            for state in (REFUSED, UNKNOWN):
                said = mine[(mine["state"] == state) & (mine["told"] != 0)]
                if len(said):
                    at = np.lexsort((said["intent"], said["opened"]))[0]
                    first = tuple(int(said[name][at]) for name in ("opened", "intent", "told"))
                    known = self._first.get((form, state), first)
                    self._first[form, state] = min(known, first)  # type: ignore[assignment]

    def close(self) -> None:
        """Put names to it."""
        word = self._load.said
        forms = sorted(self._counts, key=self._opened.__getitem__)
        for form in forms:
            counts = self._counts[form].tolist()
            name = word(self._opened[form])
            found = FormCourse(sum(counts), {_STATES[n]: count for n, count in enumerate(counts)})
            self._course.forms[name] = found
            for state in (REFUSED, UNKNOWN):
                if first := self._first.get((form, state)):
                    found.told[_STATES[state]] = word(first[2])
        for state in (REFUSED, UNKNOWN):
            firsts = [self._first[form, state] for form in forms if (form, state) in self._first]
            if firsts:
                self._course.told[_STATES[state]] = word(min(firsts)[2])


class _Adding:
    """What saves add up to, and the course of it second by second."""

    def __init__(self, course: Course) -> None:
        self.course = course
        self.buckets = np.zeros(0, dtype=np.int64)
        self._service_ms = 0.0
        self._seconds: dict[int, LoadSecond] = {}
        self._unsure: dict[int, int] = {}
        self._more: dict[int, int] = {}
        self._last = -1

    def add(self, went: Entries) -> None:
        """Add some saves, all of a second together."""
        self._at_peak(went)
        self._by_second(went)

    def _at_peak(self, went: Entries) -> None:
        course = self.course
        mine, to_s = _at_peak(went, course.spans)
        course.began_n += len(mine)
        course.late_n += int((mine["began_s"] - mine["due_s"] > LATE_S).sum())
        has = ~np.isnan(mine["ended_s"])
        mine, to_s = mine[has], to_s[has]
        if not len(mine):
            return
        service_ms = (mine["ended_s"] - mine["began_s"]) * 1000
        self._service_ms += float(service_ms.sum())
        course.longest_ms = max(course.longest_ms, float(service_ms.max()))
        in_time, kept = mine["ended_s"] <= to_s + GRACE_S, mine["state"] == ACKNOWLEDGED
        course.ended_at_all_n += len(mine)
        course.ended_n += int(in_time.sum())
        course.served_n += int((in_time & kept).sum())
        took_us = _took_us(mine[kept])
        course.took_n += len(took_us)
        course.slowest_us = max(course.slowest_us, int(took_us.max(initial=0)))
        counts = np.bincount(_bucket(took_us), minlength=len(self.buckets))
        counts[: len(self.buckets)] += self.buckets
        self.buckets = counts

    def _by_second(self, went: Entries) -> None:
        start_s = self.course.start_s
        over_s = _over_s(went)
        second = np.maximum(0.0, over_s - start_s).astype(np.int64)
        self._last = max(self._last, int(second.max()))
        if self._last > SECONDS_MAX:
            raise RecordUnreadable(
                f"a save of the load has its outcome {self._last} s after the load began; times "
                f"of a journal are at most {SECONDS_MAX} s apart"
            )
        for at_s, by in ((went["began_s"], 1), (went["ended_s"], -1)):
            middle = np.maximum(0, np.ceil(at_s[~np.isnan(at_s)] - start_s - 0.5).astype(np.int64))
            for n, count in counted(middle):
                self._more[n] = self._more.get(n, 0) + by * count
        kept = went["state"] == ACKNOWLEDGED
        for n, count in counted(second[~kept]):
            self._unsure[n] = self._unsure.get(n, 0) + count
        mine, second = went[kept], second[kept]
        due_s = np.where(np.isnan(mine["due_s"]), mine["began_s"], mine["due_s"])
        took_us = np.rint((mine["ended_s"] - due_s) * 1e6).astype(np.int64)
        order = np.lexsort((took_us, second))
        second, took_us = second[order], took_us[order]
        begin, size = runs(second.astype(np.uint64))
        for from_, count in zip(begin.tolist(), size.tolist(), strict=True):
            number = int(second[from_])
            self._seconds[number] = _second(number, took_us[from_ : from_ + count])

    def close(self) -> None:
        """All of it."""
        course, under_way_n = self.course, 0
        if course.ended_at_all_n:
            course.service_ms = self._service_ms / course.ended_at_all_n
        found = []
        for n in range(self._last + 1):
            under_way_n += self._more.get(n, 0)
            one = self._seconds.get(n) or LoadSecond(n, 0.0, 0.0, 0.0)
            unsure_n = self._unsure.get(n, 0)
            found.append(
                LoadSecond(
                    n, one.saves_per_s, one.p50_ms, one.p95_ms, one.p99_ms, under_way_n, unsure_n
                )
            )
        course.seconds = tuple(found)


def _second(number: int, took_us: Numbers) -> LoadSecond:
    p50_ms, p95_ms, p99_ms = (
        round(int(took_us[_rank(len(took_us), each)]) / 1000, 3) for each in (50, 95, 99)
    )
    return LoadSecond(number, float(len(took_us)), p50_ms, p95_ms, p99_ms)


def _rank(count: int, percent: int) -> int:
    """Which of so many, in their order, so many of a hundred do not exceed."""
    return max(0, ceil(count * percent / 100) - 1)


def _at_peak(went: Entries, spans: Sequence[Span]) -> tuple[Entries, npt.NDArray[np.float64]]:
    """The saves that were due while the full rate was held, and when that ended for each."""
    if not spans:
        return went[:0], np.zeros(0)
    begins, ends = (np.array(each) for each in zip(*spans, strict=True))
    due_s = went["due_s"]
    at = np.searchsorted(begins, np.nan_to_num(due_s, nan=-np.inf), side="right") - 1
    mine = (at >= 0) & (due_s < ends[np.maximum(at, 0)])
    return went[mine], ends[at[mine]]


def _took_us(went: Entries) -> Numbers:
    took: Numbers = np.rint((went["ended_s"] - went["due_s"]) * 1e6).astype(np.int64)
    took[took < 0] = 0
    return took


def _bucket(took_us: Numbers) -> Numbers:
    bucket: Numbers = np.minimum(took_us >> _BITS, _BUCKETS_N - 1)
    return bucket


def _percentiles(load: Told, faults: Sequence[Fault], adding: _Adding) -> dict[int, int]:
    """Exact to the microsecond: first in which bucket each stands, and then which of it it is."""
    course = adding.course
    if not course.took_n:
        return {}
    until = np.cumsum(adding.buckets)
    ranks = {percent: _rank(course.took_n, percent) for percent in (50, 95, 99)}
    bucket = {percent: bisect_left(until, rank + 1) for percent, rank in ranks.items()}
    inside = {at: np.zeros(1 << _BITS, dtype=np.int64) for at in bucket.values()}
    for went in _parts(load, faults, None):
        mine, _ = _at_peak(went, course.spans)
        took_us = _took_us(mine[mine["state"] == ACKNOWLEDGED])
        at_bucket = _bucket(took_us)
        for at, before in list(inside.items()):
            counts = np.bincount(took_us[at_bucket == at] & _LAST, minlength=1 << _BITS)
            inside[at] = before + counts
    told = {}
    for percent, at in bucket.items():
        before_n = int(until[at] - adding.buckets[at])
        place = bisect_left(np.cumsum(inside[at]), ranks[percent] - before_n + 1)
        told[percent] = (at << _BITS) + place
    return told
