"""Finds the plan that a file belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from harness.errors import PlanError
from harness.plan.load import FILE_NAME


def nearest_plan(starts: Sequence[Path], why: str) -> Path:
    """The first plan in one of these places or above it; raises PlanError, which says why."""
    for start in starts:
        for folder in (start, *start.parents):
            if (folder / FILE_NAME).is_file():
                return folder / FILE_NAME
    raise PlanError(f"no {FILE_NAME} in {starts[0]} or above it; {why}")
