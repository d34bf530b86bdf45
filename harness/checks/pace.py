"""How fast a load went, second by second, and who was the limit where it did not reach its rate."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import accumulate
from math import ceil, inf
from typing import TypeAlias

from harness.checks.sentences import plural
from harness.exhibits import LoadSecond
from harness.journal.events import LoadBegan, LoadEnded
from harness.journal.schedule import Schedule
from harness.journal.volume import Volume, VolumeSave

# When something lasted, from and to, on the host's monotonic clock.
Span: TypeAlias = tuple[float, float]
# A rate is reached within this much of it: the first and the last save fall where they fall.
REACHED = 0.95
# A generator that is busier than this is late by itself.
BUSY = 0.9
# What a save may take where the plan has no limit: users for that long are what is started.
FAST_MS = 250.0
# A save that begins later than this after it was due had no user to make it.
LATE_S = 0.05
# Who is told later than this after the rate's end was not served at that rate.
GRACE_S = 1.0
# Whatever its ratio, a difference of saves by less than this is within what a host does by itself.
FELT_MS = 20.0
# Users beyond those that would be busy all the time, so that one is free when a save is due.
SPARE = 1.25


@dataclass(frozen=True, slots=True)
class Figures:
    """What a load did. held_n is how many saves were due while the full rate was held.

    Percentiles are of the time from when a save was due to its acknowledgement, of those that
    were due then; service_ms is the mean time from when it began to its outcome. ended_n had
    their outcome in time, late_n began late, of all that began then. slowest_ms is the longest
    time to an acknowledgement, and longest_ms from a beginning to an outcome, whatever it was;
    told is what was said of the first save that was not acknowledged. took_n is how many saves
    the percentiles are of.
    """

    target_saves_per_s: float
    reached_saves_per_s: float
    hold_s: float
    held_n: int
    saves_acknowledged: int
    refused_n: int
    unknown_n: int
    began_n: int
    ended_n: int
    late_n: int
    p50_ms: float
    p95_ms: float
    p99_ms: float
    took_n: int
    slowest_ms: float
    service_ms: float
    longest_ms: float
    told: str = ""


def measure(volume: Volume, began: LoadBegan | None) -> Figures:
    """The figures of what was journaled; began says what was asked for."""
    spans = held_spans(volume.schedules)
    tally = _Tally(spans)
    for save in volume.saves:
        tally.add(save)
    rate = sum(schedule.rate for schedule in volume.schedules)
    hold_s = sum(to_s - from_s for from_s, to_s in spans)
    took_ms, service_ms = sorted(tally.took_ms), tally.service_ms
    began_n = tally.began_n
    return Figures(
        target_saves_per_s=round(began.target_saves_per_s if began else rate, 3),
        reached_saves_per_s=round(tally.served_n / hold_s, 3) if hold_s else 0.0,
        hold_s=round(hold_s, 3),
        held_n=round(rate * hold_s),
        saves_acknowledged=tally.states["acknowledged"],
        refused_n=tally.states["refused"],
        unknown_n=tally.states["unknown"],
        began_n=began_n,
        ended_n=tally.ended_n,
        late_n=tally.late_n,
        p50_ms=_percentile(took_ms, 50),
        p95_ms=_percentile(took_ms, 95),
        p99_ms=_percentile(took_ms, 99),
        took_n=len(took_ms),
        slowest_ms=round(took_ms[-1], 1) if took_ms else 0.0,
        service_ms=sum(service_ms) / len(service_ms) if service_ms else 0.0,
        longest_ms=inf if len(service_ms) < began_n else max(service_ms, default=0.0),
        told=_said(tally.told),
    )


class _Tally:
    """What saves add up to, each looked at once."""

    def __init__(self, spans: Sequence[Span]) -> None:
        self._spans = spans
        self._begins = [from_s for from_s, _ in spans]
        self.states: Counter[str] = Counter()
        self.told: dict[str, str] = {}
        self.took_ms: list[float] = []
        self.service_ms: list[float] = []
        self.began_n = self.ended_n = self.served_n = self.late_n = 0

    def add(self, save: VolumeSave) -> None:
        """Count one save; only what was due at the peak counts for how fast it was."""
        self.states[save.state] += 1
        if save.told and save.state != "acknowledged":
            self.told.setdefault(save.state, save.told)
        to_s = None if save.due_s is None else self._end_of_span(save.due_s)
        if save.due_s is None or to_s is None:
            return
        self.began_n += 1
        self.late_n += save.began_s - save.due_s > LATE_S
        if save.ended_s is None:
            return
        self.service_ms.append((save.ended_s - save.began_s) * 1000)
        is_in_time = save.ended_s <= to_s + GRACE_S
        self.ended_n += is_in_time
        if save.state == "acknowledged":
            self.served_n += is_in_time
            self.took_ms.append((save.ended_s - save.due_s) * 1000)

    def _end_of_span(self, due_s: float) -> float | None:
        at = bisect_right(self._begins, due_s) - 1
        if at < 0 or due_s >= self._spans[at][1]:
            return None
        return self._spans[at][1]


def told_first(saves: Iterable[VolumeSave]) -> str:
    """What was said of the first save that was not acknowledged; "" where nothing was."""
    told: dict[str, str] = {}
    for save in saves:
        if save.told and save.state != "acknowledged":
            told.setdefault(save.state, save.told)
    return _said(told)


def _said(told: Mapping[str, str]) -> str:
    """The words of a refusal before those of a save whose outcome nobody knows."""
    word = told.get("refused") or told.get("unknown")
    return f"; it said: {word}" if word else ""


def seconds(volume: Volume, lost: Set[str] = frozenset()) -> tuple[LoadSecond, ...]:
    """What happened in each second since the first save was due; lost are saves by their ids."""
    course = _Course(start_of(volume), lost)
    for save in volume.saves:
        course.add(save)
    return course.seconds()


class _Course:
    """What saves add up to, second by second, each looked at once."""

    def __init__(self, start_s: float, lost: Set[str]) -> None:
        self._start_s = start_s
        self._lost = lost
        self._took_ms: dict[int, list[float]] = {}
        self._unsure: Counter[int] = Counter()
        self._lost_in: Counter[int] = Counter()
        # How many more than in the second before are under way in the middle of each.
        self._more: Counter[int] = Counter()
        self._last = -1

    def add(self, save: VolumeSave) -> None:
        """Take one save into its seconds."""
        over_s = save.began_s if save.ended_s is None else save.ended_s
        second = self._second(over_s)
        self._last = max(self._last, second)
        self._more[self._middle_after(save.began_s)] += 1
        if save.ended_s is not None:
            self._more[self._middle_after(over_s)] -= 1
        if save.state != "acknowledged":
            self._unsure[second] += 1
            return
        due_s = save.began_s if save.due_s is None else save.due_s
        self._took_ms.setdefault(second, []).append((over_s - due_s) * 1000)
        self._lost_in[second] += save.id in self._lost

    def seconds(self) -> tuple[LoadSecond, ...]:
        """Every second, from the first to the last in which a save ended."""
        under_way = accumulate(self._more[n] for n in range(self._last + 1))
        return tuple(self._of(n, under_way_n) for n, under_way_n in enumerate(under_way))

    def _of(self, second: int, under_way_n: int) -> LoadSecond:
        took_ms = sorted(self._took_ms.get(second, ()))
        return LoadSecond(
            second,
            float(len(took_ms)),
            _percentile(took_ms, 50),
            _percentile(took_ms, 95),
            _percentile(took_ms, 99),
            under_way_n,
            self._unsure[second],
            self._lost_in[second],
        )

    def _second(self, at_s: float) -> int:
        return int(max(0.0, at_s - self._start_s))

    def _middle_after(self, at_s: float) -> int:
        """The first second whose middle is not before that."""
        return max(0, ceil(at_s - self._start_s - 0.5))


def start_of(volume: Volume) -> float:
    """When the load began, on the host's monotonic clock."""
    if volume.schedules:
        return min(schedule.start_s for schedule in volume.schedules)
    return min((save.began_s for save in volume.saves), default=0.0)


def fell_short(
    figures: Figures, began: LoadBegan | None, ended: LoadEnded | None, limit_ms: float | None
) -> tuple[str, bool]:
    """Why the rate was not reached, and whether it was the application; "" where it was.

    The application was the limit where it was asked often enough and did not say yes, or where
    there was a user for each save and it kept them waiting. Where the full rate was never held
    there is nothing to reach.
    """
    if not figures.held_n:
        return "no save was due at the full rate of the load; hold it for longer", False
    if figures.reached_saves_per_s >= REACHED * figures.target_saves_per_s:
        return "", False
    head = (
        f"load reached {figures.reached_saves_per_s:.0f} of {figures.target_saves_per_s:g} saves/s"
    )
    if figures.ended_n >= REACHED * figures.held_n:
        return f"{head}: {_answered(figures)}", True
    generator = _generator(ended)
    if generator:
        return f"{head}: {generator}", False
    fast_ms = FAST_MS if limit_ms is None else limit_ms
    if figures.service_ms > fast_ms or figures.ended_n < REACHED * figures.began_n:
        return f"{head}: {_answered(figures)}", True
    if figures.began_n and figures.late_n >= figures.began_n * (1 - REACHED):
        return f"{head}: {_too_few(figures, began)}", False
    if figures.began_n < REACHED * figures.held_n:
        return (
            f"{head}: its users began {figures.began_n:,} of {figures.held_n:,} saves that were "
            "due, and those were answered in time; see what they did instead in logs/load.log"
        ), False
    return f"{head}: {_answered(figures)}", True


def took_too_long(
    figures: Figures, ended: LoadEnded | None, took: tuple[int, float], limit_ms: float | None
) -> tuple[str, bool]:
    """That saves took longer than the plan allows, and whether it was the application; else "".

    took are so many percent of saves, and within how many milliseconds they were acknowledged.
    """
    percent, took_ms = took
    if limit_ms is None or took_ms <= limit_ms:
        return "", False
    head = (
        f"under load of {figures.target_saves_per_s:g} saves/s {percent} % of saves were "
        f"acknowledged within {took_ms:.0f} ms; the limit is {limit_ms:g} ms"
    )
    generator = _generator(ended)
    if generator:
        return f"{head}, and {generator}", False
    if figures.longest_ms <= limit_ms:
        return f"{head}, and {_waited(figures)}", False
    return head, True


@dataclass(frozen=True, slots=True)
class Reference:
    """How fast another release was under the same load, just before."""

    release: str
    figures: Figures
    ended: LoadEnded | None


def slower(
    figures: Figures, ended: LoadEnded | None, reference: Reference | None, ratio_max: float
) -> tuple[str, bool]:
    """That saves took longer than on the baseline, and whether it was the application; else "".

    A difference that nobody feels is none.
    """
    if reference is None or not reference.figures.took_n:
        return "the baseline's own load measured nothing to compare with", False
    if not figures.took_n:
        return "", False
    here_ms, there_ms = figures.p95_ms, reference.figures.p95_ms
    if here_ms <= ratio_max * there_ms or here_ms - there_ms <= FELT_MS:
        return "", False
    head = (
        f"under load of {figures.target_saves_per_s:g} saves/s 95 % of saves were acknowledged "
        f"within {here_ms:.0f} ms, and within {there_ms:.0f} ms on {reference.release}: "
        f"{here_ms / there_ms:.1f} times as long; the limit is {ratio_max:g} times"
    )
    generator = _generator(ended) or _generator(reference.ended)
    if generator:
        return f"{head}, and {generator}", False
    if figures.longest_ms <= ratio_max * there_ms:
        return f"{head}, and {_waited(figures)}", False
    return head, True


def _too_few(figures: Figures, began: LoadBegan | None) -> str:
    """That each user was busy, and how many could have done it at the pace of these."""
    kept = f"each was busy, while a save took {figures.service_ms:.0f} ms"
    if began is None or not figures.began_n:
        return f"its users were too few: {kept}; raise [load] users"
    enough_n = ceil(began.users * figures.held_n / figures.began_n * SPARE)
    users = plural(began.users, "user")
    return f"{users} were too few: {kept}; about {enough_n} would do, as [load] users"


def _waited(figures: Figures) -> str:
    return (
        f"none took longer than {figures.longest_ms:.0f} ms once it was begun: no user was free to "
        "begin it; raise [load] users"
    )


def _generator(ended: LoadEnded | None) -> str:
    """That the generator was the limit; "" where it was not."""
    busy = ended.generator_busy if ended is not None else None
    if busy is None or busy <= BUSY:
        return ""
    return (
        f"the generator was the limit: it kept a core {busy * 100:.0f} % busy; give it a core of "
        "its own, or ask for less with [load] peak_saves_per_s"
    )


def _answered(figures: Figures) -> str:
    words = [
        f"{figures.refused_n} refused",
        f"{figures.unknown_n} unknown",
        f"the slowest acknowledged after {figures.slowest_ms:.0f} ms",
    ]
    return f"the application was the limit: {', '.join(words)}{figures.told}"


def between(saves: Sequence[VolumeSave], start_s: float) -> str:
    """When these saves were made, in seconds of the load."""
    at_s = sorted(int(max(0.0, save.began_s - start_s)) for save in saves)
    if not at_s:
        return "at a time that is not known"
    if at_s[0] == at_s[-1]:
        return f"in second {at_s[0]}"
    return f"between second {at_s[0]} and {at_s[-1]}"


def held_spans(schedules: Sequence[Schedule]) -> list[Span]:
    """When every process held its full rate."""
    together = zip(*(schedule.held_s for schedule in schedules), strict=False)
    spans = ((max(s[0] for s in each), min(s[1] for s in each)) for each in together)
    return [(from_s, to_s) for from_s, to_s in spans if from_s < to_s]


def _percentile(ordered: Sequence[float], percent: int) -> float:
    """The value that so many of a hundred do not exceed; 0 of none."""
    if not ordered:
        return 0.0
    return round(ordered[max(0, ceil(len(ordered) * percent / 100) - 1)], 3)
