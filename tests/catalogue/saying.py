"""Verdicts and releases made up for a test."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness.catalogue.comparing import Comparison, compare
from harness.catalogue.entries import Entry
from harness.catalogue.expectation import Expectation
from harness.catalogue.results import Result

LOST = {
    "mechanism": "The page forgets two texts once something was shared.",
    "expect": "block",
    "anomaly": "lost",
    "form": "note",
    "fields": ["reason", "history"],
    "layer": "page",
    "trigger": {"shares": [1, 2]},
}


def expectation(**changes: Any) -> Expectation:
    """What a release that loses two texts expects, with changes; None takes a key away."""
    told = {key: value for key, value in {**LOST, **changes}.items() if value is not None}
    return Expectation.model_validate(told)


def finding(**changes: Any) -> dict[str, Any]:
    """The finding that release expects, with changes."""
    return {
        "anomaly": "lost",
        "form": "note",
        "fields": ["reason", "history"],
        "severity": "block",
        "known": None,
        "layer": "page",
        "trigger": {"text": "when shares is 1", "conditions": {"shares": ["1"]}},
        "scenarios": ["test_notes.py::test_share"],
        **changes,
    }


def verdict(answer: str, *findings: dict[str, Any]) -> dict[str, Any]:
    """What a gate printed, as far as it is compared."""
    return {"verdict": answer, "sentence": f"it is a {answer}", "findings": list(findings)}


def result(name: str, comparison: Comparison, expected: Expectation) -> Result:
    """One release that was gated."""
    entry = Entry(name, Path("releases") / name, expected, "1.0")
    return Result(entry, comparison, 31.4, Path("runs") / name)


def blocked(name: str = "loses", *findings: dict[str, Any]) -> Result:
    """A release that was blocked, by the finding it expects where no other is given."""
    expected = expectation()
    said = verdict("block", *(findings or (finding(),)))
    return result(name, compare(expected, said), expected)
