"""How many cases each stage across versions promises, and why it promises none."""

from __future__ import annotations

from collections.abc import Mapping

from harness.gate.asked import Asked
from harness.plan import Profile
from harness.promise import ACROSS

# For who asks for a stage by name that the profile holds nothing of.
ASKED_N: Mapping[str, int] = {
    "upgrade": 4,
    "stale-page": 8,
    "mixed": 8,
    "restart": 4,
    "rollback": 4,
}

# Deployers that cannot have a second release take over what the first has stored.
ALONE = ("external", "compose")


def across_stages(
    asked: Asked, profile: Profile, baseline: str | None, deployer: str, cases_n: int
) -> dict[str, int]:
    """The cases of each stage that the profile holds or that was asked for; 0 where it is skipped.

    No more than there are cases: how many of them fit a stage shows only when they have run.
    """
    found: dict[str, int] = {}
    for name in ACROSS:
        held = profile.stages.get(name, 0)
        n = cases_n if held is None else held
        if asked.stages is not None and name in asked.stages:
            n = n or ASKED_N[name]
        if n:
            why = why_skipped(name, asked, baseline, deployer)
            found[name] = 0 if why else min(n, cases_n)
    return found


def why_skipped(name: str, asked: Asked, baseline: str | None, deployer: str) -> str | None:
    """Why a stage that the profile holds drives nothing; None where it does."""
    if asked.stages is not None and name not in asked.stages:
        return f"--stages {','.join(asked.stages)} leaves it out"
    if asked.stages is None and asked.only:
        return f"--only {', '.join(asked.only)} runs some cases, on one release"
    if baseline is None:
        return "no release has passed yet, so there is none to come from"
    if deployer in ALONE:
        return f"the deployer {deployer} runs no second release on one storage"
    return None


def left_out(asked: Asked, profile: Profile) -> tuple[str, ...]:
    """A sentence where the caller leaves out stages that the profile holds, else none."""
    if asked.stages is None:
        return ()
    names = [n for n in ACROSS if profile.stages.get(n, 0) != 0 and n not in asked.stages]
    if not names:
        return ()
    words = ", ".join(asked.stages)
    return (f"nothing is said of losses in {' and '.join(names)}: --stages {words} leaves it out",)
