"""A clock that is set while a canary runs: nothing skipped, nothing negative, nothing ahead."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from harness.canary.book import Book
from harness.canary.metrics import Metrics, Result
from harness.canary.page import page
from harness.plan import Plan
from tests.canary.test_book import FORMS, INTERVAL_S, probe, scraped, told
from tests.canary.test_running import counted, plan, results, told_line, watching

__all__ = ["plan"]

HOUR_S = 3_600.0
AT_S = 1_800_000_000.0
TIMES = (
    "last_pass_timestamp_seconds",
    "last_probe_timestamp_seconds",
    "release_first_seen_timestamp_seconds",
)


@pytest.fixture
def book() -> Book:
    """A canary that has seen a good probe of both forms ten seconds ago."""
    made = Book(Metrics(), INTERVAL_S, 3.0)
    made.register("app", FORMS, AT_S - 60)
    made.look_at_clock(100.0, AT_S)
    made.judged(probe(*(told(Result.PASS, form=form) for form in FORMS), at_s=AT_S), 100.0)
    made.look_at_clock(110.0, AT_S + 10)
    return made


def times(book: Book) -> list[float]:
    return [at_s for name in TIMES for at_s in scraped(book, name)]


def test_a_clock_that_is_set_back_leaves_every_age_as_it_is(book: Book) -> None:
    """No time lies ahead, and what was good ten seconds ago was good ten seconds ago."""
    before = [AT_S + 10 - at_s for at_s in times(book)]
    book.look_at_clock(110.0, AT_S + 10 - HOUR_S)
    now_s = AT_S + 10 - HOUR_S

    assert [10.0] * 5 == before
    assert before == [now_s - at_s for at_s in times(book)]
    assert 0 < min(times(book))
    assert "10 s ago" in page(book, now_s)
    assert "All well" in page(book, now_s)


def test_it_cannot_make_an_old_pass_look_new(book: Book) -> None:
    """Two minutes without a good probe are two minutes, whatever the clock says."""
    book.look_at_clock(110.0, AT_S + 10 - HOUR_S)
    later_s = AT_S + 10 - HOUR_S + 4 * INTERVAL_S
    book.look_at_clock(110.0 + 4 * INTERVAL_S, later_s)

    assert "All well" not in page(book, later_s)


def test_what_a_child_ended_on_the_old_clock_is_not_ahead(book: Book) -> None:
    """The clock was set between the end of a probe and its being told."""
    book.look_at_clock(111.0, AT_S + 11 - HOUR_S)
    book.judged(probe(told(Result.PASS), at_s=AT_S + 10.5), 111.0)

    assert AT_S + 11 - HOUR_S == max(times(book))
    assert AT_S + 11 - HOUR_S == book.last_pass_at_s["app"]


def test_a_clock_that_is_set_forward_takes_nothing_back(book: Book) -> None:
    """What was good is older then, which no page and no alert takes for good."""
    before = times(book)
    book.look_at_clock(110.0, AT_S + HOUR_S)

    assert before == times(book)
    assert "All well" not in page(book, AT_S + HOUR_S)


def test_a_clock_that_is_disciplined_is_none_that_is_set(book: Book) -> None:
    """Half a second a minute moves nothing."""
    before = times(book)
    for minute in range(10):
        book.look_at_clock(110.0 + 60 * minute, AT_S + 10 + 59.5 * minute)

    assert before == times(book)


def test_a_release_that_is_forgotten_has_no_time_that_could_come_back(book: Book) -> None:
    """What ended stays ended when the clock is set."""
    book.metrics.forget_release("app", "1.0")
    book.look_at_clock(110.0, AT_S - HOUR_S)

    assert [] == scraped(book, "release_first_seen_timestamp_seconds")


def test_no_probe_is_skipped_for_it(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The schedule is of the other clock: the next probe is due when it was, and none is missed."""
    line = told_line("judged", told(Result.PASS))
    one = watching(plan, tmp_path, f"print({line!r})")
    due_s = one.schedule.due_s
    wall = time.time
    monkeypatch.setattr(time, "time", lambda: wall() - HOUR_S)
    one._probe()
    one._next()

    assert results(**{"pass": 1}) == counted(one)
    assert 0.9 <= one.schedule.due_s - due_s
    (passed,) = {*scraped(one.canary.book, "last_pass_timestamp_seconds", 'form="note"')}
    assert 0 < passed <= time.time()
