"""What the caller of a canary asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.plan import Plan, load_plan

# A canary starts no release: it needs none of its secrets.
NEEDED = frozenset({"app", "canaries", "form", "storage"})


@dataclass(frozen=True, slots=True)
class Asked:
    """One call: the plan, what is merged over it, where runs are kept, and which targets."""

    plan: Path
    runs: Path
    merge: Path | None = None
    targets: tuple[str, ...] = ()
    tick: int | None = None


def read_plan(asked: Asked, env: Mapping[str, str]) -> Plan:
    """The plan that was asked for, with all that it names; raises PlanError."""
    plan = load_plan(asked.plan, env, asked.merge, secrets_required=NEEDED)
    plan.check_files()
    return plan
