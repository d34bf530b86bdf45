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
    made = Book(Metrics(), INTERVAL_S)
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
    work(500, 600)
    gc.collect()
    before_bytes, _ = tracemalloc.get_traced_memory()
    work(600, 2_000)
    gc.collect()
    after_bytes, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert after_bytes - before_bytes < 200_000
    assert RELEASES_MAX >= len(book.seen["app"])
    assert LAST_MAX == len(book.last)
