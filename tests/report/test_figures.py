"""What reports say of a load."""

from dataclasses import replace
from pathlib import Path

import pytest

from harness.report.figures import load_line
from harness.report.html import html
from harness.report.junit import junit
from harness.report.markdown import markdown
from harness.report.terminal import render
from harness.verdict import Answer
from tests.report.accounts import account

LOAD = {
    "target_saves_per_s": 500.0,
    "reached_saves_per_s": 499.9,
    "saves_acknowledged": 30012,
    "saves_verified": 30012,
    "p50_ms": 9.1,
    "p95_ms": 18.2,
    "p99_ms": 40.0,
}


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({}, "load 500 saves/s: 30,012 acknowledged, all found in storage; p95 18 ms"),
        (
            {"saves_verified": 29975},
            "load 500 saves/s: 30,012 acknowledged, 29,975 found in storage; p95 18 ms",
        ),
        (
            {"reached_saves_per_s": 320.0},
            "load 500 saves/s, reached 320.0: 30,012 acknowledged, all found in storage; p95 18 ms",
        ),
        ({"saves_acknowledged": 0}, "load 500 saves/s: no save acknowledged"),
    ],
)
def test_a_load_in_one_line(changes: dict[str, float], line: str) -> None:
    """What was reached, acknowledged and found stands in one line, and a shortfall with it."""
    assert load_line({**LOAD, **changes}) == line


def test_every_report_says_what_a_load_did(tmp_path: Path) -> None:
    """Terminal, Markdown, JUnit and the page each hold the figures of a load."""
    whole = account(Answer.PASS)
    evidence = replace(whole.verdict.evidence, load=LOAD)
    whole = replace(whole, verdict=replace(whole.verdict, evidence=evidence))
    run = tmp_path

    assert load_line(LOAD) in render(whole.verdict, run, colour=False)
    assert load_line(LOAD) in markdown(whole)
    assert 'name="evidence.load.saves_verified" value="30012"' in junit(whole.verdict, ())
    assert "<dt>found in storage</dt><dd>30012</dd>" in html(whole, run)
