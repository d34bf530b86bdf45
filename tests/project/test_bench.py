"""The figures of docs/benchmarks.md come from `make bench`."""

from __future__ import annotations

from bench.__main__ import BENCHES, HEAD, PAGE, with_row
from bench.overhead import busy_s
from harness.journal import events as ev


def test_every_bench_is_explained() -> None:
    """The page has a table to write into, and says of every bench what it measures."""
    page = PAGE.read_text("utf-8")

    assert HEAD in page
    assert [name for name in BENCHES if f"\n## {name}\n" not in page] == []


def test_one_row_is_replaced() -> None:
    """A bench that is measured alone replaces its own row and leaves the others."""
    page = f"before\n{HEAD}| a | 1 |\n| b | 2 |\n\nafter\n"

    assert f"before\n{HEAD}| a | 3 |\n| b | 2 |\n\nafter\n" == with_row(page, "a", "| a | 3 |\n")


def test_time_of_cases_side_by_side_counts_once() -> None:
    """Seconds in which several cases ran are counted once, and those in between are not."""
    journal = (
        ev.StageEntered(stage="deploy", at_s=0.0),
        ev.StageLeft(stage="deploy", at_s=2.0),
        began("candidate/1/1", 5.0),
        began("candidate/2/1", 6.0),
        ev.TrialEnded(trial="candidate/1/1", outcome="completed", at_s=8.0),
        ev.TrialEnded(trial="candidate/2/1", outcome="completed", at_s=9.0),
    )

    assert busy_s(journal) == 6.0


def began(trial: str, at_s: float) -> ev.TrialBegan:
    return ev.TrialBegan(
        trial=trial,
        case="a",
        number=1,
        role="candidate",
        attempt=1,
        round="drive",
        levels={},
        at_s=at_s,
    )
