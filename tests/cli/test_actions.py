"""Printing in a job of GitHub Actions."""

import io
import json
import re
from pathlib import Path

import pytest

from harness.cli.actions import folder_of, inert_json, shielded, tell_actions
from harness.errors import EnvironmentBroken
from harness.verdict import Answer
from tests.report.accounts import account

ACTIONS = {"GITHUB_ACTIONS": "true"}


def test_text_of_an_application_is_no_command() -> None:
    """In a workflow what is printed stands between a stop and a start that nobody can guess."""
    stream = io.StringIO()
    with shielded(stream, ACTIONS):
        stream.write("::error::not mine")  # no newline at its end
    stop, text, start, rest = stream.getvalue().split("\n")

    assert text == "::error::not mine"
    assert re.fullmatch(r"::stop-commands::[0-9a-f]{32}", stop)
    assert (start, rest) == (f"::{stop.rpartition('::')[2]}::", "")


def test_commands_work_again_after_a_crash() -> None:
    """The runner listens again whatever happened meanwhile."""
    stream = io.StringIO()
    with pytest.raises(ZeroDivisionError), shielded(stream, ACTIONS):
        raise ZeroDivisionError

    assert re.search(r"\n::[0-9a-f]{32}::\n$", stream.getvalue())


def test_elsewhere_nothing_is_added() -> None:
    """Outside of a workflow output is what it was."""
    stream = io.StringIO()
    with shielded(stream, {}):
        stream.write("text")
    tell_actions(account(), Path("harness.toml"), stream, {})

    assert stream.getvalue() == "text"


def test_json_stays_the_same_json() -> None:
    """The verdict on standard output is the same value, without the older spelling of commands."""
    text = json.dumps({"a ##[b": ["##[add-path]/tmp"]})

    assert json.loads(inert_json(text)) == json.loads(text)
    assert "##[" not in inert_json(text)


def test_a_workflow_is_told_everything(tmp_path: Path) -> None:
    """Annotations go to the log, the summary and the verdict to the runner's files."""
    env = {
        **ACTIONS,
        "GITHUB_WORKSPACE": str(tmp_path),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
        "GITHUB_OUTPUT": str(tmp_path / "output"),
    }
    (tmp_path / "output").write_text("earlier=1\n")
    stream = io.StringIO()
    tell_actions(account(Answer.BLOCK), tmp_path / "shop" / "harness.toml", stream, env)

    assert stream.getvalue().startswith(
        "::error file=shop/s/test_share.py,line=7,title=Data loss::"
    )
    assert (tmp_path / "summary").read_text().startswith("## ⛔ BLOCK")
    assert (tmp_path / "output").read_text().startswith("earlier=1\nverdict=block\n")


def test_files_outside_the_repository_have_no_folder(tmp_path: Path) -> None:
    """A plan that is not in the workspace is no reason to invent a path."""
    assert folder_of(Path("/elsewhere/harness.toml"), {"GITHUB_WORKSPACE": str(tmp_path)}) == ""


def test_a_summary_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    """A runner's file that cannot be written is an error with its name."""
    env = {**ACTIONS, "GITHUB_STEP_SUMMARY": str(tmp_path / "no" / "summary")}

    with pytest.raises(EnvironmentBroken, match="summary"):
        tell_actions(account(), Path(), io.StringIO(), env)
