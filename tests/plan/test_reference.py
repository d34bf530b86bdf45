"""docs/plan.md is the plan's reference: what it says is what the schema does."""

import re
from pathlib import Path

import pytest

from harness.plan import PLACEHOLDERS, load_plan
from harness.plan.keys import keys, table_at
from harness.plan.schema import FieldTable, FormOverride, Known
from tests.plan.writing import load, problems

REFERENCE = (Path(__file__).parents[2] / "docs" / "plan.md").read_text(encoding="utf-8")
# What the examples take from the environment.
ENV = {"READ_ONLY_DSN": "postgresql://db", "CANARY_PASSWORD": "pass", "SIGNAL_SECRET": "sign"}
EXAMPLES = re.findall(r"^```toml\n(.*?)^```", REFERENCE, re.MULTILINE | re.DOTALL)


def cells(column: int) -> list[str]:
    """One column of the reference's tables."""
    rows = [line.split(" | ") for line in REFERENCE.splitlines() if line.startswith("| `")]
    return [row[column].strip("| `") for row in rows]


def test_every_key_is_documented() -> None:
    """Each key of the schema has its row in the reference, and each row has its key."""
    # A table that only leads to names of one's own is described under those names.
    documented = {key for key in cells(0) if not key.startswith("{")}

    assert set(keys()) == documented


def test_every_placeholder_is_documented() -> None:
    """The reference lists the placeholders there are, with their meaning."""
    rows = {key: meaning for key, meaning in zip(cells(0), cells(1), strict=True) if key[0] == "{"}

    assert {f"{{{name}}}": meaning for name, meaning in PLACEHOLDERS.items()} == rows


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_every_example_validates(tmp_path: Path, number: int) -> None:
    """Each example of the reference is a plan, or makes one with the smallest."""
    text = EXAMPLES[number]
    if number:
        text = EXAMPLES[0] + text
    if '.release."' in EXAMPLES[number]:
        text = EXAMPLES[0] + EXAMPLES[number - 1] + EXAMPLES[number]
    path = tmp_path / "harness.toml"
    path.write_text(text, encoding="utf-8")

    assert load_plan(path, ENV).forms("2.0")


def test_the_defaults_are_the_documented_ones() -> None:
    """Wherever the schema has a plain default, the reference says the same."""
    defaults = dict(zip(cells(0), cells(2), strict=True))
    wrong = {}
    for key in keys():
        *above, name = key.split(".")
        table = table_at(tuple(above))
        spec = table.spelled()[name] if table else None
        if spec is None or not isinstance(spec.default, (str, int, float)):
            continue
        shown = f'"{spec.default}"' if isinstance(spec.default, str) else f"{spec.default:g}"
        shown = "false" if spec.default is False else shown
        if shown != defaults[key] and not (key.endswith(".column") or key.startswith("profile")):
            wrong[key] = (shown, defaults[key])

    assert {} == wrong


def test_the_messages_shown_are_real(tmp_path: Path) -> None:
    """The mistakes at the top of the reference are refused in the words it shows."""
    found = problems(
        tmp_path,
        "[limit]\nsave_p95_ms_max = 5\n",
        ('deployer = "process"', 'deployer = "process"\nport = "8000"'),
        ('storage = "main"', 'storage = "mian"'),
    )
    shown = r"^```\nharness.toml: 3 problems\n(.*?)^```"
    block = re.search(shown, REFERENCE, re.MULTILINE | re.DOTALL)

    assert block is not None
    assert [line.strip() for line in block[1].splitlines()] == list(found)


def test_keys_are_found_at_their_place() -> None:
    """A place in a plan leads to the table that stands there, through names and lists."""
    assert FieldTable is table_at(("form", "note", "fields", "text"))
    assert FormOverride is table_at(("form", "note", "release", "2.*"))
    assert Known is table_at(("known", 0))
    assert table_at(("app", "name")) is None
    assert table_at(("nowhere", "a")) is None


def test_a_plan_is_read_from_its_own_folder(tmp_path: Path) -> None:
    """Relative paths of a plan start at the folder of its file, wherever it is read from."""
    assert tmp_path == load(tmp_path).folder
