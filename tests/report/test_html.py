"""The page that a release engineer opens."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from harness.exhibits import Account, Grid
from harness.report.html import BYTES_MAX, html
from harness.verdict import Answer, Stage
from tests.report.accounts import account, exhibit, filled, grid, journey
from tests.report.hostile import HOSTILE, TEXTS

NOWHERE = Path("/nonexistent")
LOADING = ("src", "srcset", "href", "data", "action", "poster", "background", "formaction")


class Read(HTMLParser):
    """What a browser would make of the page: elements with their attributes, and the text."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def shape(page: str) -> list[tuple[str, tuple[str, ...]]]:
    """Every element with the names of its attributes; marks differ with the texts compared."""
    return [
        (tag, tuple(attributes))
        for tag, attributes in Read(page).elements
        if tag not in ("mark", "small", "i", "span", "p", "code", "em", "br")
    ]


@pytest.mark.parametrize("answer", list(Answer))
def test_the_answer_comes_first(answer: Answer) -> None:
    """Verdict and sentence stand before everything else, and no answer looks like another."""
    text = Read(html(account(answer), NOWHERE)).text
    heads = ["Deploy", "Do not deploy", "Not proved"]

    assert text.index(str(answer).upper()) < text.index("compared with")
    assert text.index("shop 2.0 passes: 0 of 10 saves lost") < text.index("compared with")
    assert heads[list(Answer).index(answer)] in text


def test_a_finding_shows_its_trigger_and_its_representative() -> None:
    """A finding says when, where it was lost, and what stood at each station of the way."""
    page = html(account(), NOWHERE)
    text = Read(page).text

    for told in (
        "when shares is 1 or 2",
        "what the page held",
        "what storage holds",
        "21 missing",
        "typed right, sent right, stored wrong, shown wrong",
        "test_share.py::test_share[shares=1,text=plain]",
    ):
        assert told in text


def test_marks_are_words_and_shapes() -> None:
    """Whole, lost and owed differ by sign and word, so that nobody needs the colour."""
    page = html(account(), NOWHERE)

    assert '<td class="wrong"><b class="m x">✕</b> <span class="w1">lost</span></td>' in page
    assert '<td class="owed"><b class="m o">○</b> <span class="w1">owed</span></td>' in page
    assert '<td class="whole"><b class="m w">✓<span class="aloud">whole</span></b></td>' in page


def test_what_was_not_measured_is_said() -> None:
    """Absent scenarios and owed cases stand in the page, each with its reason."""
    text = Read(html(account(Answer.INCONCLUSIVE), NOWHERE)).text

    assert "test_old: since 2.0" in text
    assert "case 1 is owed: it broke" in text


def test_the_stages_say_what_they_checked_and_what_befell_them() -> None:
    """Each stage has its time, what was looked at and its faults by name, or why it was skipped."""
    page = html(account(), NOWHERE)
    text = " ".join(Read(page).text.split())

    assert "scenarios: from second 1.0 to 9.2" in text
    assert "12 cases; 10 acknowledged saves" in text
    assert "faults: database restarted (2 times)" in text
    assert "database restarted: from second 2.0 to 2.5" in text
    assert "skipped: nothing failed" in text
    assert 2 == page.count('<rect class="fault"')


def test_a_stage_that_was_never_reached_says_so() -> None:
    """A stage without a beginning has no bar."""
    whole = account()
    stages = (*whole.verdict.stages, Stage("load", 0.0, "never reached", 1, 0))
    text = Read(html(replace(whole, verdict=replace(whole.verdict, stages=stages)), NOWHERE)).text

    assert "skipped: never reached" in text


def test_each_picture_has_words() -> None:
    """Every drawing has a title or is hidden from readers aloud; every image has its text."""
    elements = Read(html(account(), NOWHERE)).elements
    drawings = [attributes for tag, attributes in elements if tag == "svg"]
    images = [attributes for tag, attributes in elements if tag == "img"]

    assert drawings
    assert all(a.get("aria-hidden") == "true" or a.get("aria-labelledby") for a in drawings)
    assert all(a.get("alt") for a in images)


def test_equal_reasons_are_said_once() -> None:
    """Cases that are owed for one reason are one line with their number."""
    reasons = tuple(f"case {n} is owed: the page told the user: no" for n in range(12))
    page = account(Answer.INCONCLUSIVE, gaps=())
    text = Read(html(_with_reasons(page, reasons), NOWHERE)).text

    assert "12 cases are owed: the page told the user: no (the first is case 0)" in text


def _with_reasons(whole: Account, reasons: tuple[str, ...]) -> Account:
    return replace(whole, verdict=replace(whole.verdict, reasons=reasons))


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_values_add_no_element(text: str) -> None:
    """The page with a hostile text everywhere has the elements of the page with a plain one."""
    assert shape(html(filled(text), NOWHERE)) == shape(html(filled("plain text"), NOWHERE))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(TEXTS.filter(lambda text: len(text) > 1))
def test_no_value_becomes_an_element(text: str) -> None:
    """Whatever the texts are, no element and no attribute comes from one of them."""
    allowed = {tag for tag, _ in Read(html(filled("plain text"), NOWHERE)).elements}
    allowed |= {"mark", "small", "i", "span", "p", "code", "em", "br"}
    found = Read(html(filled(text), NOWHERE)).elements

    assert {tag for tag, _ in found} <= allowed
    assert not [name for _, attributes in found for name in attributes if name.startswith("on")]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(TEXTS)
def test_no_control_reaches_the_page(text: str) -> None:
    """Controls, bidirectional marks and surrogates are spelled out, and the page is UTF-8."""
    page = html(filled(text), NOWHERE)

    page.encode("utf-8")
    assert not re.search(
        "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]", page
    )


@pytest.mark.parametrize("text", [*HOSTILE, "plain"])
def test_the_page_loads_nothing(text: str) -> None:
    """Nothing in the page points outside its own run: data URIs, places in it, relative files."""
    elements = Read(html(filled(text), NOWHERE)).elements
    loads = [a[name] or "" for _, a in elements for name in LOADING if name in a]
    bad = [
        url
        for url in loads
        if re.match(r"([a-z][a-z0-9+.-]*:|//)", url) and not url.startswith("data:")
    ]

    assert [] == bad
    assert not [
        tag for tag, _ in elements if tag in ("script", "iframe", "object", "embed", "base")
    ]


def test_the_page_is_small_whatever_the_run() -> None:
    """300 cases and texts of a megabyte make a page under 300 KB."""
    huge = "é<&\x00" * 262_144
    journeys = tuple(journey(huge, huge[: n * 1000] + "x", field=f"f{n}") for n in range(1, 5))
    page = html(
        account(
            exhibits=tuple(exhibit(*journeys) for _ in range(12)),
            grids=tuple(grid(300, 40) for _ in range(15)),
            gaps=account().gaps * 200,
        ),
        NOWHERE,
    )

    assert len(page.encode()) <= BYTES_MAX


@pytest.mark.parametrize("times", [200, 4000])
@pytest.mark.parametrize("text", HOSTILE)
def test_the_page_is_small_for_hostile_runs(text: str, times: int) -> None:
    """Long hostile texts everywhere make a page under 300 KB too."""
    assert len(html(filled(text * times), NOWHERE).encode()) <= BYTES_MAX


def test_scenarios_with_a_loss_are_never_behind_whole_ones() -> None:
    """Where there are more scenarios than fit, those with a loss or a debt are the ones shown."""
    troubled = replace(grid(), scenario="test_z.py::test_lost")
    whole = Grid("test_a.py::test_whole", ("note.f0",), grid(3, 1).rows[2:])
    page = html(account(grids=(*(whole,) * 40, troubled)), NOWHERE)
    text = " ".join(Read(page).text.split())

    assert text.index("test_z.py::test_lost") < text.index("scenarios whole in every case")
    assert "29 scenarios whole in every case" in text
    assert "and 11 more scenarios in junit.xml" in text


def test_fields_of_several_forms_are_told_apart() -> None:
    """Two forms with a field of one name have the form's name above each."""
    two = replace(grid(), fields=("note.title", "letter.title"))
    text = Read(html(account(grids=(two,)), NOWHERE)).text

    assert "notetitle" in text
    assert "lettertitle" in text


def test_more_than_is_shown_is_counted() -> None:
    """What the page leaves out is said with its number."""
    text = Read(html(account(grids=(grid(300, 40),)), NOWHERE)).text

    assert "276 more cases: 276 whole" in " ".join(text.split())
    assert "24 more fields" in text
