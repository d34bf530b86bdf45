"""What was there to be measured and will not be."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from harness.drive.scenarios import Collected
from harness.gate.baselines import Before
from harness.gate.missing import missing
from harness.model import Case
from tests.plan.writing import load

TODAY = date(2024, 1, 1)
FOUND = Collected((Case("test_a", 0, "test_a", "test_x.py", 1),), {}, {}, {})
QUARANTINE = """
[[quarantine]]
scenario = "test_fax*"
reason = "no fax"
expires = 2024-03-01
"""


def test_what_is_all_there_is_not_missing(tmp_path: Path) -> None:
    """The same scenarios, forms and fields as before owe nothing."""
    before = Before(frozenset({"test_a"}), frozenset({("note", "text")}))

    assert () == missing(load(tmp_path), "1.0", before, FOUND, TODAY)


@pytest.mark.parametrize(
    ("before", "said"),
    [
        (Before(frozenset({"test_b"})), "test_b was promised for 1.0 and is gone; bring it back"),
        (Before(fields=frozenset({("note", "title")})), 'name "title" in unchecked of [form.note]'),
        (Before(fields=frozenset({("paper", "title")})), "form paper was compared for 1.0"),
        (Before(load=True), "1.0 was put under load and [load] is gone from the plan"),
    ],
    ids=["scenario", "field", "form", "load"],
)
def test_what_the_baselines_gate_had_is_missed(tmp_path: Path, before: Before, said: str) -> None:
    """A scenario that was deleted, or a field that was taken out of the plan, is said."""
    (sentence,) = missing(load(tmp_path), "1.0", before, FOUND, TODAY)

    assert said in sentence


def test_a_field_that_is_declared_unchecked_is_not_missed(tmp_path: Path) -> None:
    """Taking a field out on purpose is written into the plan."""
    plan = load(tmp_path, "", ('key = "id"', 'key = "id"\nunchecked = "title"'))
    before = Before(fields=frozenset({("note", "title")}))

    assert () == missing(plan, "1.0", before, FOUND, TODAY)


@pytest.mark.parametrize(("excused", "count"), [("", 1), (QUARANTINE, 0)])
def test_what_pytest_left_out_is_missed(tmp_path: Path, excused: str, count: int) -> None:
    """A scenario that was there and was deselected is missing, baseline or not."""
    found = Collected(FOUND.cases, {}, {"test_fax": "was skipped as a whole: no fax"}, {})

    sentences = missing(load(tmp_path, excused), None, Before(), found, TODAY)

    assert count == len(sentences)
