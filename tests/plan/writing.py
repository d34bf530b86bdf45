"""A plan of a test: the smallest one that is valid, with changes."""

from collections.abc import Mapping
from pathlib import Path

from harness.errors import PlanError
from harness.plan import Plan, load_plan

SMALLEST = """
[app]
name = "notes"

[release]
deployer = "process"

[release.process]
command = ["python", "-m", "notes", "--port", "{port}"]

[storage.main]
engine = "postgres"

[form.note]
storage = "main"
table = "note"
key = "id"
fields = { text = "body" }
"""


def write(folder: Path, more: str = "", *changes: tuple[str, str]) -> Path:
    """The smallest plan with text replaced and text added, as a file."""
    text = SMALLEST
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = folder / "harness.toml"
    path.write_text(text + more, encoding="utf-8")
    return path


def load(
    folder: Path, more: str = "", *changes: tuple[str, str], env: Mapping[str, str] | None = None
) -> Plan:
    """That plan, read."""
    return load_plan(write(folder, more, *changes), env or {})


def problems(
    folder: Path, more: str = "", *changes: tuple[str, str], env: Mapping[str, str] | None = None
) -> tuple[str, ...]:
    """What is wrong with that plan; a plan with nothing wrong has none."""
    try:
        load(folder, more, *changes, env=env)
    except PlanError as error:
        return error.problems
    return ()
