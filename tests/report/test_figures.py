"""What reports say of a load, and of the stages."""

from dataclasses import replace
from pathlib import Path

import pytest

from harness.report.figures import load_line, stages_line
from harness.report.html import html
from harness.report.junit import junit
from harness.report.markdown import markdown
from harness.report.terminal import render
from harness.verdict import Answer, Stage
from tests.report.accounts import account
from tests.report.verdicts import verdict

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


def test_stages_are_one_line() -> None:
    """Each stage has its time; those that were skipped for one reason have it once."""
    across = ("upgrade", "stale-page", "mixed")
    stages = (
        Stage("scenarios", 8.25, None, 12, 12),
        Stage("rerun", 0.0, "nothing failed", 0, 0),
        *(Stage(name, 0.0, "no baseline", 0, 0) for name in across),
    )

    assert (
        "scenarios 8.2 s · rerun skipped (nothing failed) · "
        "upgrade, stale-page, mixed skipped (no baseline) · whole run 12.5 s"
    ) == stages_line(verdict(stages=stages))


def test_the_stages_stand_in_every_text() -> None:
    """Terminal and Markdown name the stages, and those that were skipped with the reason."""
    stages = (Stage("mixed", 0.0, "no baseline", 0, 0),)
    whole = replace(account(), verdict=verdict(stages=stages))

    assert "mixed skipped (no baseline)" in render(whole.verdict, Path("run"), colour=False)
    assert "stages: mixed skipped &#40;no baseline&#41;" in markdown(whole)
