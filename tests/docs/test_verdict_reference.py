"""docs/verdict.md says what verdict.json holds: no key more, no key less."""

import re
from dataclasses import fields
from pathlib import Path

from harness.answer import conclude
from harness.model import Anomaly, Finding, Layer, Release, Severity, Trigger
from harness.verdict import SCHEMA, Answer, Bound, Evidence, Stage, Verdict
from tests.checks.load_story import LoadStory

TEXT = (Path(__file__).parents[2] / "docs" / "verdict.md").read_text(encoding="utf-8")


def names(cls: type) -> set[str]:
    """The field names of a dataclass."""
    return {spec.name for spec in fields(cls)}


def documented(prefix: str = "") -> set[str]:
    """The keys of the reference's tables directly below a prefix."""
    keys = re.findall(r"^\| `([^`]+)` \|", TEXT, re.MULTILINE)
    rest = [key.removeprefix(prefix) for key in keys if key.startswith(prefix)]
    return {key for key in rest if key and "." not in key and "[]" not in key}


def test_every_key_of_a_verdict_is_documented() -> None:
    """Every key of the verdict stands in its reference."""
    assert names(Verdict) <= documented()


def test_nested_keys_are_exactly_the_documented_ones() -> None:
    """Stages, findings, triggers, evidence and bound have exactly the documented keys."""
    assert names(Stage) == documented("stages[].")
    assert names(Finding) == documented("findings[].")
    assert names(Trigger) == documented("findings[].trigger.")
    assert names(Evidence) == documented("evidence.")
    assert names(Bound) == documented("evidence.bound.")


def test_a_release_has_the_documented_keys() -> None:
    """A release has a name, and says image, digest and commit where they are known."""
    assert names(Release) == {"name", "image", "digest", "commit"}


def test_closed_sets_are_documented() -> None:
    """Each anomaly, answer, layer and severity is named in the reference."""
    closed = [*Anomaly, *Answer, *Layer, *Severity]

    assert [word for word in closed if f"`{word}`" not in TEXT] == []
    assert SCHEMA in TEXT


def test_the_figures_of_a_load_are_exactly_the_documented_ones(tmp_path: Path) -> None:
    """What a verdict says of a load has exactly the documented keys."""
    load = LoadStory(tmp_path / "observations")
    load.saves(20)

    found = conclude(load.weighed()).evidence.load or {}

    assert found.keys() == documented("evidence.load.")
