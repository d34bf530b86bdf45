"""Past runs, as a person and a script read them."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.report.history import history_json, history_text, past, sparkline
from harness.runs import RunFolder, open_run
from harness.verdict import Answer, verdict_to_json
from tests.report.accounts import filled
from tests.report.hostile import HOSTILE
from tests.report.verdicts import verdict


def run(runs: Path, at: int, answer: Answer | None = None, **files: str) -> RunFolder:
    """A run's folder with a verdict, or with other files in its stead."""
    path = runs / f"2026010{at}-120000-abc{at}"
    (path / "journal").mkdir(parents=True)
    if answer is not None:
        files["verdict"] = json.dumps(verdict_to_json(verdict(answer)))
    for name, text in files.items():
        (path / f"{name}.json").write_text(text)
    return open_run(path)


def test_a_run_says_what_it_proved(tmp_path: Path) -> None:
    """A passed run is a line with release, baseline, counts and its bound."""
    (_, line, *_) = history_text([past(run(tmp_path, 1, Answer.PASS))], colour=False).splitlines()

    cells = [cell.strip() for cell in line.split("  ") if cell]

    assert cells[:4] == ["20260101-120000-abc1", "pass", "2.0", "1.0"]
    assert cells[4:] == ["12 s", "12", "10", "0 of 10 lost; measured least: fewer than 1 in 3"]


@pytest.mark.parametrize(
    ("files", "state"),
    [
        ({}, "interrupted"),
        ({"plan": '{"app": "shop", "release": {"name": "3.0"}}'}, "interrupted"),
        ({"plan": "[", "verdict": "{"}, "unreadable"),
        ({"verdict": "[]"}, "unreadable"),
        ({"verdict": '{"verdict": "fine"}'}, "unreadable"),
        ({"verdict": '{"verdict": "pass", "evidence": 3, "release": null}'}, "pass"),
    ],
)
def test_a_damaged_run_is_told_and_not_fatal(
    tmp_path: Path, files: dict[str, str], state: str
) -> None:
    """A run without a verdict, or with one that cannot be read, is a line like any other."""
    found = past(run(tmp_path, 1, None, **files))

    assert found.verdict == state
    assert state in history_text([found], colour=False)


def test_json_names_every_run(tmp_path: Path) -> None:
    """The JSON holds a schema and the runs, with null for what is not known."""
    data = json.loads(history_json([past(run(tmp_path, 2)), past(run(tmp_path, 1, Answer.BLOCK))]))

    assert data["schema"] == "harness.history/1"
    assert [each["verdict"] for each in data["runs"]] == ["interrupted", "block"]
    assert data["runs"][0]["duration_s"] is None


def test_the_trend_reads_oldest_first(tmp_path: Path) -> None:
    """Signs of the verdicts stand in the order in which the runs were made."""
    answers = [Answer.INCONCLUSIVE, None, Answer.BLOCK, Answer.PASS]
    runs = [past(run(tmp_path, 9 - at, answer)) for at, answer in enumerate(answers)]

    assert "verdicts  ✓✕·?" in history_text(runs, colour=False)


def test_no_run_says_how_to_make_one() -> None:
    """An empty history tells its reader what makes a run."""
    assert "harness gate" in history_text([], colour=False)


@given(st.lists(st.floats(-1e9, 1e9), max_size=50))
def test_a_sparkline_has_a_bar_for_each_value(values: list[float]) -> None:
    """Every value is one bar, and the highest is the highest."""
    line = sparkline(values)

    assert len(line) == len(values)
    if max(values, default=0) > 0:
        assert line[values.index(max(values))] == "█"


def test_a_bound_of_one_save_is_no_one_in_one(tmp_path: Path) -> None:
    """What a single save proves is said as a share, and what did not pass proves nothing."""
    data = verdict_to_json(verdict())
    data["evidence"]["bound"]["max_loss_rate"] = 0.95
    few = past(run(tmp_path, 1, verdict=json.dumps(data)))
    blocked = past(run(tmp_path, 2, Answer.BLOCK))

    assert "measured least: fewer than 95 in 100" in history_text([few], colour=False)
    assert "measured least" not in history_text([blocked], colour=False)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_release_is_one_line(tmp_path: Path, text: str) -> None:
    """A run whose release has a hostile name is one line without controls, like any other."""
    data = verdict_to_json(filled(text).verdict)
    shown = history_text([past(run(tmp_path, 1, verdict=json.dumps(data)))], colour=False)

    told = history_text([past(run(tmp_path, 2, Answer.BLOCK))], colour=False)
    assert len(shown.split("\n")) == len(told.split("\n"))
    assert shown.isprintable() or set(filter(str.isprintable, shown)) | {"\n"} >= set(shown)
