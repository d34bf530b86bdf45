"""docs/watching.md says what the files of dashboards/ say, and its commands can be typed."""

from __future__ import annotations

import re
import shlex
import subprocess

import pytest
import yaml

from dashboards.programs import RULES, program
from harness.plan.schema import CanariesTable
from tests.dashboards.calls import read_call
from tests.dashboards.mutants import alerts
from tests.project.source import ROOT

TEXT = (ROOT / "docs" / "watching.md").read_text(encoding="utf-8")
BLOCKS: dict[str, str] = dict(
    re.findall(r"<!-- executed: (\w+) -->\n```sh\n(.*?)```", TEXT, re.DOTALL)
)
ROW = re.compile(r"^\| \[(\w+)\]\(\.\./(\S+)\) \| (.+) \| (\w+) \| (\w+) \|$", re.MULTILINE)
ALERTS = alerts(yaml.safe_load(RULES.read_text(encoding="utf-8")))


def test_the_table_of_alerts_is_that_of_the_rules() -> None:
    """Every alert stands there with its wait and severity, and leads to its runbook."""
    told = {name: (wait, severity) for name, _, _, wait, severity in ROW.findall(TEXT)}

    assert told == {
        name: (rule["for"], rule["labels"]["severity"]) for name, rule in ALERTS.items()
    }
    assert [] == [path for _, path, *_ in ROW.findall(TEXT) if not (ROOT / path).is_file()]


def test_the_limit_of_slow_saves_is_that_of_the_plan() -> None:
    """The key and the seconds in the table are the plan's, and the rule has no figure for them."""
    (row,) = [what for name, _, what, *_ in ROW.findall(TEXT) if name == "SaveSlow"]
    limit = CanariesTable().save_slow_s_max

    assert f"`canaries.save_slow_s_max` ({limit:g} s) after" in row
    assert ALERTS["SaveSlow"]["expr"].rstrip().endswith("(harness_save_slow_limit_seconds)")


def test_the_variables_of_the_stack_are_those_of_the_file() -> None:
    """Each variable that the compose file reads is explained, and no other."""
    text = (ROOT / "dashboards" / "compose.yaml").read_text(encoding="utf-8")
    told = re.findall(r"^\| `([A-Z_]+)` \|", TEXT, re.MULTILINE)

    assert sorted(set(re.findall(r"\$\{([A-Z_]+):-", text))) == sorted(told)


def test_the_command_of_the_stack_names_the_file() -> None:
    """What starts the stack is a file that is there."""
    words = shlex.split(BLOCKS["compose"])

    assert ["docker", "compose", "-f"] == words[:3]
    assert (ROOT / words[3]).is_file()


@pytest.mark.prometheus
def test_the_command_that_proves_thresholds_proves_them() -> None:
    """It runs every test file, in one call, and finds them right."""
    program("promtool")
    done = subprocess.run(
        ["sh", "-c", BLOCKS["rules"]],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert done.returncode == 0, done.stderr
    assert len(ALERTS) == done.stdout.count("SUCCESS")


@pytest.mark.parametrize("call", re.findall(r"`(harness [a-z][^`]+)`", TEXT))
def test_every_call_is_one_that_there_is(call: str) -> None:
    """Commands and options of the harness are those of the command line."""
    read_call(shlex.split(call))
