"""docs/canary.md says what there is."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from prometheus_client.exposition import generate_latest

import harness.plugin
from harness.canary.metrics import Metrics, Result, Unread
from harness.canary.signalling import SCHEMA, SIGNATURE, TIMESTAMP, Loss
from harness.cli.canary import canary
from harness.plan import load_plan
from tests.plan.writing import SMALLEST

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "canary.md").read_text(encoding="utf-8")
TOML = re.findall(r"```toml\n(.*?)```", PAGE, flags=re.DOTALL)
PYTHON = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
ENV = dict.fromkeys(["READ_ONLY_DSN", "CLEANING_DSN"], "postgresql://db") | {
    "CANARY_PASSWORD": "pass",
    "SIGNAL_SECRET": "sign",
    "API_TOKEN": "word",
}


def rows(first: str) -> list[list[str]]:
    """The cells of the table whose first column has that head."""
    table = PAGE.split(f"| {first} |")[1].split("\n\n")[0]
    lines = [line for line in table.splitlines()[2:] if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_every_command_is_there() -> None:
    """The table has each command of the group, and no other."""
    assert set(canary.commands) == {row[0].strip("`") for row in rows("command")}


def test_every_result_is_explained() -> None:
    """The results of a probe are those of the metrics."""
    assert {str(result) for result in Result} == {row[0] for row in rows("result")}


def test_every_reason_is_named() -> None:
    """Why storage could not be read is one of the words that metrics have."""
    section = PAGE.split("storage_read_errors_total`): ")[1].split(".\n")[0]

    assert {str(reason) for reason in Unread} == set(re.findall(r"`(\w+)`", section))


def test_every_metric_is_listed_with_its_labels() -> None:
    """The table is what a canary serves: each metric, and each label in its order."""
    metrics = Metrics()
    metrics.register("app", {"form": ["field"]}, 30, 0.0, 3.0)
    served = {
        line.split(" ")[2] for line in generate_latest(metrics.registry).decode().splitlines()
        if line.startswith("# TYPE")
    }  # fmt: skip
    listed = {row[0].strip("`"): re.findall(r"`(\w+)`", row[1]) for row in rows("metric")}

    assert served == set(listed)
    metrics.release_answers("app", "1.0", 0.0)
    for line in generate_latest(metrics.registry).decode().splitlines():
        found = re.match(r"(harness_\w+?)(?:_bucket|_count|_sum)?\{(.*)\} ", line)
        if found and found[1] in listed:
            labels = [name for name in re.findall(r'(\w+)="', found[2]) if name != "le"]
            assert sorted(listed[found[1]]) == sorted(labels), line


@pytest.mark.parametrize("number", range(len(TOML)))
def test_every_example_is_a_plan(tmp_path: Path, number: int) -> None:
    """Each piece of a plan makes one with the smallest."""
    path = tmp_path / "harness.toml"
    path.write_text(SMALLEST + TOML[number], encoding="utf-8")

    assert "notes" == load_plan(path, ENV).app.name


def test_what_is_imported_is_offered() -> None:
    """Every name that an example imports is one that the product offers."""
    imported = {
        alias.name
        for block in PYTHON
        for node in ast.walk(ast.parse(block))
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }

    assert imported
    assert imported <= set(harness.plugin.__all__)


def test_the_signal_is_as_it_is_told() -> None:
    """Keys, schema and headers of the webhook."""
    body = Loss("a", "u", "r", None, "s", (), "run", 1.0).to_json()
    told = PAGE.split("The body is JSON: ")[1].split(". The header")[0]

    assert list(body) == [word for word in re.findall(r"`([\w.]+)`", told) if word in body]
    for word in (SCHEMA, SIGNATURE, TIMESTAMP):
        assert word in PAGE
