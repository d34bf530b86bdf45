"""How fast a load went, second by second, and who was the limit where it did not reach its rate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, inf

from harness.checks.course import Course
from harness.checks.sentences import plural
from harness.journal.events import LoadBegan, LoadEnded
from harness.journal.volume import State

# A rate is reached within this much of it: the first and the last save fall where they fall.
REACHED = 0.95
# A generator that is busier than this is late by itself now and then, and might be all of it.
BUSY = 0.8
# What a save may take where the plan has no limit: users for that long are what is started.
FAST_MS = 250.0
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


def measure(course: Course, began: LoadBegan | None) -> Figures:
    """The figures of what was journaled; began says what was asked for."""
    rate = sum(schedule.rate for schedule in course.schedules)
    hold_s = sum(to_s - from_s for from_s, to_s in course.spans)
    states, took_us = course.states, course.took_us
    return Figures(
        target_saves_per_s=round(began.target_saves_per_s if began else rate, 3),
        reached_saves_per_s=round(course.served_n / hold_s, 3) if hold_s else 0.0,
        hold_s=round(hold_s, 3),
        held_n=round(rate * hold_s),
        saves_acknowledged=states["acknowledged"],
        refused_n=states["refused"],
        unknown_n=states["unknown"],
        began_n=course.began_n,
        ended_n=course.ended_n,
        late_n=course.late_n,
        p50_ms=took_us.get(50, 0) / 1000,
        p95_ms=took_us.get(95, 0) / 1000,
        p99_ms=took_us.get(99, 0) / 1000,
        took_n=course.took_n,
        slowest_ms=round(course.slowest_us / 1000, 1),
        service_ms=course.service_ms,
        longest_ms=inf if course.ended_at_all_n < course.began_n else course.longest_ms,
        told=said(course.told),
    )


def said(told: Mapping[State, str]) -> str:
    """The words of a refusal before those of a save whose outcome nobody knows; "" of none."""
    word = told.get("refused") or told.get("unknown")
    return f"; it said: {word}" if word else ""


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
    spoiled = _spoiled(reference)
    if spoiled:
        return f"the load of {reference.release} is nothing to compare with: {spoiled}", False
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
    generator = _generator(ended)
    if generator:
        return f"{head}, and {generator}", False
    if figures.longest_ms <= ratio_max * there_ms:
        return f"{head}, and {_waited(figures)}", False
    return head, True


def _spoiled(reference: Reference) -> str:
    """Why a load was slower than its release is, or may have been; "" where it was not.

    Saves that took long by themselves would let any other release seem fast.
    """
    figures = reference.figures
    generator = _generator(reference.ended)
    if generator:
        return generator
    if figures.reached_saves_per_s >= REACHED * figures.target_saves_per_s:
        return ""
    return (
        f"it reached {figures.reached_saves_per_s:.0f} of {figures.target_saves_per_s:g} saves/s; "
        "ask for less with [load] peak_saves_per_s, or raise [load] users"
    )


def _too_few(figures: Figures, began: LoadBegan | None) -> str:
    """That each user was busy, and how many could have done it at the pace of these."""
    kept = f"each was busy, while a save took {figures.service_ms:.0f} ms"
    if began is None or not figures.began_n:
        return f"its users were too few: {kept}; raise [load] users"
    enough_n = ceil(began.users * figures.held_n / figures.began_n * SPARE)
    users = plural(began.users, "user")
    were = "was" if began.users == 1 else "were"
    return f"{users} {were} too few: {kept}; about {enough_n} would do, as [load] users"


def _waited(figures: Figures) -> str:
    return (
        f"none took longer than {figures.longest_ms:.0f} ms once it was begun: no user was free to "
        "begin it; raise [load] users"
    )


def _generator(ended: LoadEnded | None) -> str:
    """That the generator was the limit, or may have been; "" where it was not."""
    busy = ended.generator_busy if ended is not None else None
    if busy is None:
        return (
            "how busy the generator was is not known, so that it may have been the limit; hold "
            "the load for longer, and have every worker run this version of the harness"
        )
    if busy <= BUSY:
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
