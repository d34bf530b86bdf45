"""How fast a load went, second by second, and who was the limit where it did not reach its rate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, inf

from harness.checks.sentences import plural
from harness.exhibits import LoadSecond
from harness.journal.events import LoadBegan, LoadEnded
from harness.journal.volume import Schedule, Volume, VolumeSave

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


@dataclass(frozen=True, slots=True)
class Figures:
    """What a load did. held_n is how many saves were due while the full rate was held.

    Percentiles are of the time from when a save was due to its acknowledgement, of those that
    were due then; service_ms is the mean time from when it began to its outcome. ended_n had
    their outcome in time, late_n began late, of all that began then. slowest_ms is the longest
    time to an acknowledgement, and longest_ms from a beginning to an outcome, whatever it was;
    told is what was said of the first save that was not acknowledged.
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
    slowest_ms: float
    service_ms: float
    longest_ms: float
    told: str = ""


def measure(volume: Volume, began: LoadBegan | None) -> Figures:
    """The figures of what was journaled; began says what was asked for."""
    saves = list(volume.saves)
    from_s, to_s = _held(volume.schedules)
    held = [s for s in saves if s.due_s is not None and from_s <= s.due_s < to_s]
    took_ms = sorted(
        (s.ended_s - s.due_s) * 1000
        for s in held
        if s.state == "acknowledged" and s.ended_s is not None and s.due_s is not None
    )
    in_time = [s for s in held if s.ended_s is not None and s.ended_s <= to_s + GRACE_S]
    served_n = sum(s.state == "acknowledged" for s in in_time)
    service_ms = [(s.ended_s - s.began_s) * 1000 for s in held if s.ended_s is not None]
    rate = sum(schedule.rate for schedule in volume.schedules)
    hold_s = max(0.0, to_s - from_s)
    refused = [s for s in saves if s.state == "refused"]
    unknown = [s for s in saves if s.state == "unknown"]
    return Figures(
        target_saves_per_s=round(began.target_saves_per_s if began else rate, 3),
        reached_saves_per_s=round(served_n / hold_s, 3) if hold_s else 0.0,
        hold_s=round(hold_s, 3),
        held_n=round(rate * hold_s),
        saves_acknowledged=len(saves) - len(refused) - len(unknown),
        refused_n=len(refused),
        unknown_n=len(unknown),
        began_n=len(held),
        ended_n=len(in_time),
        late_n=sum(s.began_s - (s.due_s or 0.0) > LATE_S for s in held),
        p50_ms=_percentile(took_ms, 50),
        p95_ms=_percentile(took_ms, 95),
        p99_ms=_percentile(took_ms, 99),
        slowest_ms=round(took_ms[-1], 1) if took_ms else 0.0,
        service_ms=sum(service_ms) / len(service_ms) if service_ms else 0.0,
        longest_ms=inf if len(service_ms) < len(held) else max(service_ms, default=0.0),
        told=told_first(saves),
    )


def told_first(saves: Sequence[VolumeSave]) -> str:
    """What was said of the first save that was not acknowledged; "" where nothing was."""
    words = (s.told for state in ("refused", "unknown") for s in saves if s.state == state)
    told = next((word for word in words if word), "")
    return f"; it said: {told}" if told else ""


def seconds(volume: Volume) -> tuple[LoadSecond, ...]:
    """What was acknowledged in each second since the first save was due."""
    start_s = start_of(volume)
    by_second: dict[int, list[float]] = {}
    for save in volume.saves:
        if save.state == "acknowledged" and save.ended_s is not None:
            due_s = save.began_s if save.due_s is None else save.due_s
            took_ms = (save.ended_s - due_s) * 1000
            by_second.setdefault(int(max(0.0, save.ended_s - start_s)), []).append(took_ms)
    return tuple(
        _second(n, sorted(by_second.get(n, []))) for n in range(max(by_second, default=-1) + 1)
    )


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
        users = plural(began.users, "user") if began is not None else "its users"
        return (
            f"{head}: {users} were too few: each was busy, while a save took "
            f"{figures.service_ms:.0f} ms; raise [load] users"
        ), False
    if figures.began_n < REACHED * figures.held_n:
        return (
            f"{head}: its users began {figures.began_n:,} of {figures.held_n:,} saves that were "
            "due, and those were answered in time; see what they did instead in logs/load.log"
        ), False
    return f"{head}: {_answered(figures)}", True


def took_too_long(
    figures: Figures, ended: LoadEnded | None, limit_ms: float | None
) -> tuple[str, bool]:
    """That saves took longer than the plan allows, and whether it was the application; else ""."""
    if limit_ms is None or figures.p95_ms <= limit_ms:
        return "", False
    head = (
        f"under load of {figures.target_saves_per_s:g} saves/s 95 % of saves were acknowledged "
        f"within {figures.p95_ms:.0f} ms; the limit is {limit_ms:g} ms"
    )
    generator = _generator(ended)
    if generator:
        return f"{head}, and {generator}", False
    if figures.longest_ms <= limit_ms:
        return (
            f"{head}, and none took longer than {figures.longest_ms:.0f} ms once it was begun: no "
            "user was free to begin it; raise [load] users"
        ), False
    return head, True


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


def between(began_s: Sequence[float], start_s: float) -> str:
    """When the saves were made that began at these times, in seconds of the load."""
    at_s = sorted(int(max(0.0, each - start_s)) for each in began_s)
    if not at_s:
        return "at a time that is not known"
    if at_s[0] == at_s[-1]:
        return f"in second {at_s[0]}"
    return f"between second {at_s[0]} and {at_s[-1]}"


def _held(schedules: Sequence[Schedule]) -> tuple[float, float]:
    """While every process held its full rate."""
    spans = [schedule.held_s for schedule in schedules]
    return max((s[0] for s in spans), default=0.0), min((s[1] for s in spans), default=0.0)


def _second(number: int, took_ms: Sequence[float]) -> LoadSecond:
    return LoadSecond(
        number, float(len(took_ms)), _percentile(took_ms, 50), _percentile(took_ms, 95)
    )


def _percentile(ordered: Sequence[float], percent: int) -> float:
    """The value that so many of a hundred do not exceed; 0 of none."""
    if not ordered:
        return 0.0
    return round(ordered[max(0, ceil(len(ordered) * percent / 100) - 1)], 3)
