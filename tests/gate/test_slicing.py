"""A load judged in slices, on as many hosts as there are, has the verdict of one judged whole."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from harness.cli.commands import harness
from harness.errors import RecordUnreadable, UsageError
from harness.gate import slicing
from harness.gate.slicing import Slice, weigh_slices
from harness.journal import events as ev
from harness.observations import write_observation
from harness.promise import promise_to_json
from harness.runs import open_run
from tests.checks.acts import write_acts
from tests.checks.load_story import LoadStory
from tests.checks.story import FOUR, Story

RUN = "20240101-000000-ab12"


def kept(folder: Path, lost: bool = True) -> Path:
    """A run of which nothing was promised but its load, of which one save may be lost."""
    for name in ("journal", "observations", "logs"):
        (folder / name).mkdir(parents=True)
    load = LoadStory(folder / "observations")
    records = load.saves(100)
    if lost:
        records[50].holds(history=None)
    load.record_of()
    for path in (folder / "observations").glob("load-*.acts"):
        path.unlink()
    write_acts(folder / "journal", load.volume, 2)
    load.looks("final", "confirm")
    story = Story(form=load.form)
    story.trial().record("another").save(*FOUR).acknowledged()
    story.ends()
    story.tell(ev.StageEntered(stage="load"))
    for event in (*load.events(), ev.StageLeft(stage="load"), ev.Closed()):
        story.tell(event)
    story.changes = {"stages": {"load": 1}}
    lines = [json.dumps(ev.to_json(event)) for event in story.events]
    (folder / "journal" / "gate-1.jsonl").write_text("".join(f"{line}\n" for line in lines))
    for observation in (*story.observations, *load.observations):
        write_observation(folder / "observations", observation)
    (folder / "plan.json").write_text(json.dumps(promise_to_json(story.promise())))
    return folder


def judge(*arguments: object) -> Result:
    return CliRunner().invoke(
        harness, ["judge", *map(str, arguments)], standalone_mode=False, catch_exceptions=False
    )


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return kept(tmp_path / RUN)


def verdict(result: Result) -> dict[str, object]:
    """The verdict as it was printed, without where it was printed for."""
    found: dict[str, object] = json.loads(result.stdout)
    return found


def test_slices_of_copies_are_put_together(run: Path, tmp_path: Path) -> None:
    """Three slices of two copies give the verdict that judging at once gives."""
    whole = judge(run, "--json")
    copy = tmp_path / "copies" / RUN
    shutil.copytree(run, copy)
    said = [judge(where, "--partition", f"{n}/3") for where, n in ((run, 1), (copy, 2), (run, 3))]
    together = judge(run, copy, "--json")

    assert whole.return_value == together.return_value == 1
    once, apart = verdict(whole), verdict(together)
    *rest, slices = as_list(apart.pop("warnings"))
    assert once.pop("warnings") == rest
    assert once == apart
    folders = f"{run / 'slices'}, {copy / 'slices'}"
    assert slices.startswith(f"the load load was put together from 3 slices in {folders}")
    assert [one.return_value for one in said] == [0, 0, 0]
    assert sorted("1 record to look at" in one.stdout for one in said) == [False, False, True]


def as_list(value: object) -> list[str]:
    """Sentences of a verdict."""
    assert isinstance(value, list)
    return value


def another_byte(path: Path) -> None:
    """A journal of the same size with another head, which its sums say nothing of."""
    path.write_text(path.read_text("ascii").replace('"pid": 0', '"pid": 9', 1), "ascii")


def another_read(path: Path) -> None:
    """What stood before, in the same number of bytes."""
    path.write_text(path.read_text("ascii").replace('"began_s": 0.0', '"began_s": 1.0'), "ascii")


@pytest.mark.parametrize("what", ["journal", "before", "version"])
def test_slices_of_other_evidence_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """A byte of the journal, or of the read before, that is another one makes slices worthless.

    So does another version of the harness, which may judge otherwise.
    """
    run = kept(tmp_path / RUN, lost=False)
    judge(run, "--partition", "1/1")
    assert judge(run).return_value == 0
    if what == "journal":
        another_byte(run / "journal" / "load-0.acts")
    elif what == "before":
        another_read(next(run.glob("observations/*before.prints")))
    else:
        monkeypatch.setattr(slicing, "__version__", "0.0.0")
    result = judge(run, "--json")

    assert result.return_value == 3
    assert "cannot be read" in json.dumps(verdict(result)["reasons"])


def test_a_slice_that_is_missing_proves_nothing(tmp_path: Path) -> None:
    """Of a load that lost nothing two slices of three are inconclusive, with how to judge it."""
    run = kept(tmp_path / RUN, lost=False)
    assert judge(run).return_value == 0
    for n in (1, 3):
        judge(run, "--partition", f"{n}/3")
    result = judge(run, "--json")

    assert result.return_value == 3
    reasons = verdict(result)["reasons"]
    assert isinstance(reasons, list)
    assert reasons[0].endswith("harness judge RUN --partition 2/3 judges it")


def test_copies_of_another_run_are_refused(run: Path, tmp_path: Path) -> None:
    """Slices of two runs are never one verdict."""
    other = kept(tmp_path / "others" / RUN)
    data = json.loads((other / "plan.json").read_text())
    (other / "plan.json").write_text(json.dumps({**data, "run": "r2"}))

    with pytest.raises(UsageError, match="only copies of one run"):
        weigh_slices([open_run(run), open_run(other)])


@pytest.mark.parametrize("spoil", [lambda text: text[:-9], lambda text: text.replace("r1", "r2")])
def test_a_slice_that_cannot_be_read_proves_nothing(run: Path, spoil: Callable[[str], str]) -> None:
    """A slice that was cut, or is of another run, is told and never taken for one."""
    judge(run, "--partition", "1/1")
    (path,) = (run / "slices").iterdir()
    path.write_text(spoil(path.read_text()))
    result = judge(run, "--json")

    assert result.return_value == 3
    assert f"the slice {path} cannot be read" in json.dumps(verdict(result)["reasons"])


@pytest.mark.parametrize("text", ["0/3", "4/3", "1/9999", "1", "a/b", "-1/3"])
def test_what_is_no_slice_is_a_wrong_call(text: str) -> None:
    """A slice is one of a number of them, and the message shows how it is written."""
    with pytest.raises(UsageError, match="write 2/8 for the second of eight"):
        Slice.parse(text)


def test_a_load_that_cannot_be_read_has_no_slices(run: Path) -> None:
    """A slice of a journal that was spoiled is an error, and nothing is kept of it."""
    with (run / "journal" / "load-0.acts").open("a") as stream:
        stream.write("z 1.0 what\n")

    with pytest.raises(RecordUnreadable, match="no act is called 'z'"):
        judge(run, "--partition", "1/2")
    assert not (run / "slices").exists()
