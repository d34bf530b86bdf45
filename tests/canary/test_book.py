"""What a canary remembers: bounded, by release, and never longer than it is true."""

from __future__ import annotations

import gc
import json
import time
import tracemalloc
from pathlib import Path

import pytest
from prometheus_client.exposition import generate_latest

from harness.canary.book import LAST_MAX, RELEASES_MAX, Book
from harness.canary.cleaning import Cleaned
from harness.canary.judging import Told
from harness.canary.metrics import Metrics, Result, Unread
from harness.canary.page import page
from harness.canary.probing import Probe
from harness.canary.targets import UNKNOWN
from harness.canary.telling import probe_from_json, probe_to_json
from harness.model import Anomaly

INTERVAL_S = 30.0
FORMS = {"note": ["title", "body"], "share": ["title"]}


@pytest.fixture
def book() -> Book:
    made = Book(Metrics(), INTERVAL_S, 3.0)
    made.register("app", FORMS, 1_000.0)
    return made


def told(result: Result, release: str = "1.0", form: str = "note", **bad: Anomaly) -> Told:
    checked = dict.fromkeys(FORMS[form], 1) if result in (Result.PASS, Result.LOSS) else {}
    lost = dict.fromkeys(bad.items(), 1)
    return Told(form, release, result, "" if result is Result.PASS else "why", checked, lost)


def probe(*of: Told, at_s: float = 2_000.0, unread: Unread | None = None) -> Probe:
    return Probe(
        "20261126-063800-3c62", Path("/runs"), "app", 1, 3.0, at_s, "said", told={"app": list(of)},
        unread=unread, cleaned=Cleaned(4, 4, 0),
    )  # fmt: skip


def scraped(book: Book, name: str, *words: str) -> list[float]:
    """The values of that metric's lines that hold every word."""
    lines = generate_latest(book.metrics.registry).decode().splitlines()
    return [
        float(line.rpartition(" ")[2])
        for line in lines
        if line.startswith(f"harness_{name}{{") and all(word in line for word in words)
    ]


def test_a_release_is_new_once(book: Book) -> None:
    """What answered before is no news, however often it answers."""
    seen = [book.release_answers("app", "1.0", float(at), 0.0) for at in range(3)]

    assert [True, False, False] == seen


def test_a_release_that_comes_back_is_new_again(book: Book) -> None:
    """After a rollback the old release is probed at once, as a new one is."""
    book.release_answers("app", "1.0", 0.0, 0.0)
    book.release_answers("app", "1.1", 200.0, 0.0)

    assert book.release_answers("app", "1.0", 210.0, 0.0)


def test_a_release_that_answers_no_longer_pages_no_longer(book: Book) -> None:
    """The newest probe of a release that was rolled back ends once another one has answered."""
    book.judged(probe(told(Result.LOSS, "1.1", body=Anomaly.LOST)), 10.0)
    assert 1.0 == sum(scraped(book, "last_probe_fields_bad"))

    book.judged(probe(told(Result.PASS, "1.0")), 40.0)
    assert 1.0 == sum(scraped(book, "last_probe_fields_bad", 'release="1.1"'))  # it may be mixed

    book.judged(probe(told(Result.PASS, "1.0")), 75.0)
    assert [] == scraped(book, "last_probe_fields_bad", 'release="1.1"')
    assert 1.0 == sum(scraped(book, "fields_bad_total", 'release="1.1"'))


def test_a_loss_stays_while_nothing_else_answers(book: Book) -> None:
    """A canary that cannot look any more takes no loss back."""
    book.judged(probe(told(Result.LOSS, "1.1", body=Anomaly.LOST)), 10.0)
    for at in range(20):
        book.judged(probe(told(Result.ERROR, UNKNOWN)), 40.0 + at * INTERVAL_S)

    assert 1.0 == sum(scraped(book, "last_probe_fields_bad"))


def test_what_nobody_named_is_counted_for_the_release_that_answered_last(book: Book) -> None:
    """An error without a release burns the budget of the one that is there."""
    book.judged(probe(told(Result.PASS)), 10.0)
    book.judged(probe(told(Result.TIMEOUT, UNKNOWN)), 40.0)

    assert 1.0 == sum(scraped(book, "probes_total", 'release="1.0"', 'result="timeout"'))


def test_storage_that_cannot_be_read_is_counted_with_its_reason(book: Book) -> None:
    """It is an error of the canary's eyes, and no field is bad for it."""
    book.judged(probe(told(Result.ERROR), unread=Unread.DENIED), 10.0)

    assert [1.0] == scraped(book, "storage_read_errors_total", 'reason="denied"')
    assert 0.0 == sum(scraped(book, "fields_bad_total"))


def test_records_are_counted(book: Book) -> None:
    """What was written and removed adds up; what is left is what is left now."""
    book.cleaned("app", probe(), 3)
    book.cleaned("app", probe(), 1)

    assert [8.0] == scraped(book, "records_written_total")
    assert [8.0] == scraped(book, "records_cleaned_total")
    assert [1.0] == scraped(book, "residue_records")


def test_a_loss_of_a_form_that_is_not_probed_counts(book: Book) -> None:
    """Planted forms, and those beside the probed ones, are judged: what is lost there pages."""
    lost = Told("diagnosis", "1.0", Result.LOSS, "why", {"code": 1}, {("code", Anomaly.LOST): 2})
    book.judged(probe(told(Result.PASS), lost), 10.0)

    assert [2.0] == scraped(book, "fields_bad_total", 'form="diagnosis"', 'anomaly="lost"')
    assert [2.0] == scraped(book, "last_probe_fields_bad", 'form="diagnosis"', 'anomaly="lost"')
    assert "diagnosis" in page(book, 2_000.0)


def test_a_form_that_is_only_judged_is_born_at_zero_and_never_stale() -> None:
    """What the plan names besides the probed forms is there before anything of it is lost."""
    made = Book(Metrics(), INTERVAL_S, 3.0)
    made.register("app", FORMS, 1_000.0, {"diagnosis": ["code"], "note": ["title"]})
    made.release_answers("app", "1.0", 0.0, 0.0)

    assert {0.0} == set(scraped(made, "fields_bad_total", 'form="diagnosis"'))
    assert [] == scraped(made, "last_pass_timestamp_seconds", 'form="diagnosis"')


def planted(*of: Told) -> Probe:
    whole = probe(*of)
    whole.seconds = 9.0
    return whole


def collateral(name: str) -> Told:
    return Told("note", "1.0", Result.LOSS, "why", {}, {(name, Anomaly.COLLATERAL): 1})


@pytest.mark.parametrize("name", ["body", "created_by"])
def test_planted_damage_stands_until_a_check_finds_it_whole(book: Book, name: str) -> None:
    """A good probe knows nothing of planted records, also where the column is no field."""
    book.release_answers("app", "1.0", 0.0, 0.0)
    born_n = len(scraped(book, "last_probe_fields_bad"))
    book.checked(planted(collateral(name)), 10.0)
    book.judged(probe(told(Result.PASS)), 20.0)
    standing = sum(scraped(book, "last_probe_fields_bad", 'anomaly="collateral"'))
    paged = "collateral" in page(book, 2_000.0)
    book.checked(planted(told(Result.PASS)), 30.0)

    assert (1.0, True) == (standing, paged)
    assert born_n == len(scraped(book, "last_probe_fields_bad"))
    assert 0.0 == sum(scraped(book, "last_probe_fields_bad"))
    assert "collateral" not in page(book, 2_000.0)


def test_a_check_is_no_probe(book: Book) -> None:
    """It neither makes a form look probed nor counts as a pass, and an error of it counts."""
    book.checked(planted(told(Result.PASS)), 10.0)
    assert 0.0 == sum(scraped(book, "probes_total"))
    book.checked(planted(told(Result.ERROR)), 10.0)

    assert [1.0] == scraped(book, "probes_total", 'result="error"', 'form="note"')
    assert 0.0 == sum(scraped(book, "probe_duration_seconds_count"))
    assert 0.0 == sum(scraped(book, "last_probe_timestamp_seconds"))


@pytest.mark.parametrize("result", [Result.SKIPPED, Result.TIMEOUT])
def test_what_has_no_duration_is_not_measured_as_none(book: Book, result: Result) -> None:
    """A probe that never began, or of which nobody knows how long it took, is no fast one."""
    one = probe(told(result), told(result, form="share"))
    one.seconds = 0.0
    book.judged(one, 10.0)
    moved = {0.0} if result is Result.SKIPPED else {one.ended_at_s}

    assert 0.0 == sum(scraped(book, "probe_duration_seconds_count"))
    assert moved == set(scraped(book, "last_probe_timestamp_seconds"))


def test_the_release_to_go_back_to_is_another_one(book: Book) -> None:
    """A release that passed before it lost data is not the one to roll it back to."""
    for release in ("1.0", "1.1", "1.2"):
        book.judged(probe(told(Result.PASS, release)), 10.0)

    assert ("1.1", "1.2") == (book.last_good("app", "1.2"), book.last_good("app", "1.3"))


def test_what_was_swept_later_counts_as_cleaned(book: Book) -> None:
    """The records of a killed probe are removed by the next one, and counted there."""
    one = probe(told(Result.PASS))
    one.swept_n = 3
    book.cleaned("app", one, 0)

    assert [7.0] == scraped(book, "records_cleaned_total")
    assert one == probe_from_json(json.loads(json.dumps(probe_to_json(one))))


def test_times_that_were_skipped_are_no_error(book: Book) -> None:
    """A schedule that is shorter than its probes shows as skipped, and burns no budget."""
    book.release_answers("app", "1.0", 0.0, 0.0)
    book.skipped("app", "too slow", 2, 0.0)

    assert [2.0, 2.0] == scraped(book, "probes_total", 'result="skipped"')
    assert 0.0 == sum(scraped(book, "probes_total", 'result="error"'))


def test_a_probe_reads_back_as_it_was_told() -> None:
    """What a child prints is what its parent counts."""
    one = probe(told(Result.LOSS, body=Anomaly.LOST), unread=Unread.OTHER)

    assert one == probe_from_json(json.loads(json.dumps(probe_to_json(one))))


def test_memory_is_flat_over_two_thousand_probes(book: Book) -> None:
    """A release a day, a loss now and then, scrapes and page views: nothing is kept for ever."""

    def work(begin: int, end: int) -> None:
        for number in range(begin, end):
            release = f"1.{number // 25}"
            result = Result.LOSS if number % 50 == 0 else Result.PASS
            lost = {"body": Anomaly.LOST} if result is Result.LOSS else {}
            one = probe(told(result, release, **lost), told(Result.PASS, release, "share"))
            data = json.loads(json.dumps(probe_to_json(one)))
            book.judged(probe_from_json(data), number * INTERVAL_S)
            book.cleaned("app", one, 0)
            if number % 50 == 0:
                generate_latest(book.metrics.registry)
                page(book, time.time())

    work(0, 500)
    tracemalloc.start()
    work(500, 500 + 25 * RELEASES_MAX)  # as many releases as are remembered
    gc.collect()
    before_bytes, _ = tracemalloc.get_traced_memory()
    work(500 + 25 * RELEASES_MAX, 2_000)
    gc.collect()
    after_bytes, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert after_bytes - before_bytes < 200_000
    assert RELEASES_MAX >= len(book.seen["app"])
    assert LAST_MAX == len(book.last)
