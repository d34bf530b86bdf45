"""The status page: right, whole and safe, in a real browser of the size of a phone."""

from __future__ import annotations

import http.client
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser

from harness.canary.book import Book
from harness.canary.metrics import Metrics, Result
from harness.canary.page import ago, page
from harness.canary.serving import place_of, serving
from harness.errors import EnvironmentBroken, UsageError
from harness.model import Anomaly
from tests.browsing import launched
from tests.canary.test_book import FORMS, probe, told
from tests.report.hostile import HOSTILE

PHONE_PX = 360
RUN = "20261126-063800-3c62"
NOW_S = 2_010.0


@pytest.fixture
def book() -> Book:
    made = Book(Metrics(), 30.0, 3.0)
    made.register("app", FORMS, 1_000.0)
    return made


def loss(release: str = "1.1") -> Book:
    made = Book(Metrics(), 30.0, 3.0)
    made.register("app", FORMS, 1_000.0)
    made.judged(probe(told(Result.PASS), told(Result.PASS, form="share")), 10.0)
    made.judged(probe(told(Result.LOSS, release, body=Anomaly.LOST)), 20.0)
    return made


def test_before_the_first_probe_nothing_is_well(book: Book) -> None:
    """Nothing measured is never good news."""
    text = page(book, NOW_S)

    assert "No probe yet" in text
    assert "All well" not in text


def test_all_is_well_only_where_all_of_it_was_good_a_moment_ago(book: Book) -> None:
    """A good probe says so while it is young; three intervals later nobody knows."""
    book.judged(probe(told(Result.PASS), told(Result.PASS, form="share")), 10.0)

    assert "All well" in page(book, NOW_S)
    assert "All well" not in page(book, NOW_S + 200)
    assert "Not measured" in page(book, NOW_S + 200)


@pytest.mark.parametrize("result", [Result.ERROR, Result.TIMEOUT, Result.SKIPPED])
def test_what_was_not_measured_is_no_good_news(book: Book, result: Result) -> None:
    """After a probe that failed the page says so, whatever was good before."""
    book.judged(probe(told(Result.PASS)), 10.0)
    book.judged(probe(told(result)), 20.0)

    assert "All well" not in page(book, NOW_S)


def test_a_loss_is_the_first_thing_that_is_read() -> None:
    """Title, head, field and release of a loss, and the way to its proof."""
    text = page(loss(), NOW_S)

    assert "<title>LOSS" in text
    assert "Data is lost" in text
    assert '<td class="bad">lost</td>' in text
    assert f'href="/runs/{RUN}"' in text


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(None, "never"), (-5, "0 s"), (90, "90 s"), (600, "10 min"), (7_300, "2 h"), (200_000, "2 d")],
)
def test_ages_have_one_unit(seconds: float | None, words: str) -> None:
    """A clock that was set back shows nothing of the future."""
    assert words == ago(seconds)


# --- over the network --------------------------------------------------------------------------


@contextmanager
def served(book: Book, runs: Path) -> Iterator[str]:
    with serving(
        ("127.0.0.1", 0), book.metrics.registry, lambda: page(book, NOW_S), runs
    ) as address:
        yield address


def asked(address: str, path: str, **headers: str) -> tuple[int, dict[str, str], str]:
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=10)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return answer.status, {k.lower(): v for k, v in answer.getheaders()}, body


def test_metrics_are_scraped_in_either_format(tmp_path: Path) -> None:
    """Prometheus gets what it asks for, exemplars where the format has them."""
    with served(loss(), tmp_path) as address:
        _, plain, text = asked(address, "/metrics")
        _, opened, more = asked(address, "/metrics", Accept="application/openmetrics-text")

    assert plain["content-type"].startswith("text/plain")
    assert opened["content-type"].startswith("application/openmetrics-text")
    assert "trace_id" in more
    assert "trace_id" not in text


@pytest.mark.parametrize(("trouble", "status"), [("", 200), ("what probes a has ended", 503)])
def test_health_says_what_is_the_matter(tmp_path: Path, trouble: str, status: int) -> None:
    """A canary that probes no longer is not well, and says so to whoever would restart it."""
    place, registry = ("127.0.0.1", 0), loss().metrics.registry
    with serving(place, registry, lambda: "", tmp_path, lambda: trouble) as address:
        told = asked(address, "/healthz")

    assert (status, f"{trouble or 'ok'}\n") == (told[0], told[2])


def test_the_proof_of_a_probe_is_served(tmp_path: Path) -> None:
    """The report of a run that is kept, with a policy that lets it load nothing."""
    (tmp_path / RUN).mkdir()
    (tmp_path / RUN / "report.html").write_text("the proof")
    with served(loss(), tmp_path) as address:
        status, headers, text = asked(address, f"/runs/{RUN}")

    assert (200, "the proof") == (status, text)
    assert "default-src 'none'" in headers["content-security-policy"]


@pytest.mark.parametrize(
    "path",
    ["/runs/..", "/runs/%2e%2e", f"/runs/{RUN}/../..", "/runs/20261126-063800-none", "/etc/passwd"],
)
def test_nothing_else_is_served(tmp_path: Path, path: str) -> None:
    """Whatever is asked for, only reports of runs leave the folder."""
    (tmp_path / "report.html").write_text("not for anybody")
    with served(loss(), tmp_path) as address:
        status, _, text = asked(address, path)

    assert 404 == status
    assert "not for anybody" not in text


def test_an_address_that_is_taken_is_told(tmp_path: Path) -> None:
    """Two canaries cannot listen at one place; the second says so."""
    with served(loss(), tmp_path) as address:
        port = urlsplit(address).port or 0
        taken = serving(("127.0.0.1", port), Metrics().registry, lambda: "", tmp_path)
        with pytest.raises(EnvironmentBroken, match="name another with --listen"):
            taken.__enter__()


@pytest.mark.parametrize("listen", ["9477", "host:", "host:70000", "host:port", ""])
def test_a_place_that_is_none_is_refused(listen: str) -> None:
    """A slip of the pen is a wrong argument."""
    with pytest.raises(UsageError, match="HOST:PORT"):
        place_of(listen)


def test_a_place_without_a_host_is_the_loopback_address() -> None:
    """Nothing listens to the world unless it is told to."""
    assert ("127.0.0.1", 9477) == place_of(":9477")
    assert ("0.0.0.0", 1) == place_of("0.0.0.0:1")


# --- in a browser ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The browser that a gate would drive."""
    with launched() as found:
        yield found


BOOKS: dict[str, Callable[[], Book]] = {
    "loss": loss,
    "long": partial(loss, "release-with-a-name-" * 5),
    **{f"hostile {at}": partial(loss, text[:100]) for at, text in enumerate(HOSTILE)},
}


@pytest.mark.e2e
@pytest.mark.xdist_group("e2e")
@pytest.mark.parametrize("name", BOOKS)
def test_the_page_fits_a_phone_and_loads_nothing(
    browser: Browser, tmp_path: Path, name: str
) -> None:
    """It is never wider than 360 px, asks for nothing, runs nothing, and says nothing unasked."""
    asked_for: list[str] = []
    said: list[str] = []
    with (
        served(BOOKS[name](), tmp_path) as address,
        browser.new_context(viewport={"width": PHONE_PX, "height": 740}) as context,
    ):
        shown = context.new_page()
        shown.on("request", lambda request: asked_for.append(request.url))
        shown.on("console", lambda message: said.append(message.text))
        shown.on("pageerror", lambda error: said.append(str(error)))
        shown.on("dialog", lambda dialog: said.append(dialog.message))
        shown.goto(address)
        width_px = shown.evaluate("document.documentElement.scrollWidth")
        scripts_n = shown.evaluate("document.scripts.length")
        head = shown.get_by_text("Data is lost").first.bounding_box()

    assert [f"{address}/"] == [url for url in asked_for if not url.endswith("favicon.ico")]
    assert ([], PHONE_PX, 0) == (said, width_px, scripts_n)
    assert head is not None
    assert head["y"] < 200
