"""docs/ci.md's pipelines are read as their servers read them, and their commands are called."""

import os
import re
import shlex
import stat
import subprocess
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from harness.cli.commands import harness

TEXT = (Path(__file__).parents[2] / "docs" / "ci.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"<!-- executed: (\w+) -->\n```(\w+)\n(.*?)```", re.DOTALL)
BLOCKS = {name: text for name, _, text in BLOCK.findall(TEXT)}
HOSTILE = "1.0; touch owned $(touch owned) `touch owned`"


def github() -> dict[str, Any]:
    """The workflow's jobs."""
    found: dict[str, Any] = yaml.safe_load(BLOCKS["github"])["jobs"]
    return found


def gitlab() -> dict[str, Any]:
    """The pipeline's job."""
    found: dict[str, Any] = yaml.safe_load(BLOCKS["gitlab"])["gate"]
    return found


def calls() -> list[str]:
    """Every line of the document's scripts that calls the harness."""
    steps = [step.get("run", "") for job in github().values() for step in job["steps"]]
    lines = "\n".join([*steps, *gitlab()["script"], BLOCKS["shell"]]).splitlines()
    return [line for line in lines if line.startswith("harness ")]


@pytest.mark.parametrize("line", calls())
def test_every_call_is_one_that_there_is(line: str) -> None:
    """Commands, arguments and options of the examples are those of the command line."""
    words = shlex.split(line.partition(">")[0])[1:]
    command = harness.commands[words[0]]

    command.make_context(words[0], words[1:], resilient_parsing=False, parent=context())


def context() -> click.Context:
    # click keeps the help option that a command's first context named.
    return click.Context(harness, info_name="harness", **harness.context_settings)


@pytest.mark.parametrize("line", calls())
@pytest.mark.parametrize("code", [0, 1, 3])
def test_every_call_keeps_its_exit_code_and_its_words(line: str, code: int, tmp_path: Path) -> None:
    """Run in a shell, each line ends with the gate's own code, and a release's name is one word."""
    stub = tmp_path / "bin" / "harness"
    stub.parent.mkdir()
    stub.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > "$TOLD"\nexit {code}\n')
    stub.chmod(stub.stat().st_mode | stat.S_IXUSR)
    names = ("RELEASE", "BASELINE", "RUN", "CI_COMMIT_SHA", "RELEASE_IN_PRODUCTION")
    env = {
        "PATH": f"{stub.parent}{os.pathsep}{os.environ['PATH']}",
        "TOLD": str(tmp_path / "told"),
        **dict.fromkeys(names, HOSTILE),
    }
    done = subprocess.run(["bash", "-e", "-c", line], env=env, cwd=tmp_path, check=False)
    told = (tmp_path / "told").read_text().splitlines()

    assert done.returncode == code
    assert not (tmp_path / "owned").exists()
    assert [word for word in told if "touch" in word and word != HOSTILE] == []


def test_no_gate_may_fail_silently() -> None:
    """Nothing in the examples turns a failed gate into a green job."""
    steps = [step for job in github().values() for step in job["steps"]]

    assert not [key for step in steps for key in step if key == "continue-on-error"]
    assert "allow_failure" not in gitlab()
    assert github()["deploy"]["needs"] == "gate"


def test_scripts_take_no_expressions() -> None:
    """No script of the workflow is put together from values that others choose."""
    scripts = [step.get("run", "") for job in github().values() for step in job["steps"]]

    assert not [script for script in scripts if "${{" in script]


def test_artifacts_are_kept_whatever_the_answer() -> None:
    """The folder of runs is kept after a red gate too, and it is not hidden."""
    upload = next(s for s in github()["gate"]["steps"] if "upload-artifact" in s.get("uses", ""))
    kept = gitlab()["artifacts"]

    assert (upload["if"], upload["with"]["path"]) == ("always()", "runs/")
    assert (kept["when"], kept["paths"], kept["reports"]["junit"]) == (
        "always",
        ["runs/"],
        "runs/*/junit.xml",
    )
