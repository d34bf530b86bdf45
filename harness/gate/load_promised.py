"""Which loads a gate promises, and why it promises none."""

from __future__ import annotations

from collections.abc import Iterator

from harness.errors import UsageError
from harness.gate.asked import Asked
from harness.plan import Plan, Profile
from harness.promise import FAULTS_LOAD, FURTHER, LOAD, STAGES
from harness.suggest import advice

# Deployers of what runs elsewhere, to which nothing is done.
UNTOUCHED = ("external",)


def check_stages(asked: Asked, plan: Plan) -> None:
    """Raise UsageError where a stage is asked for that there is not, or that has nothing to do."""
    known = (*STAGES, *FURTHER)
    for name in asked.stages or ():
        if name not in known:
            raise UsageError(f"a gate has no stage {name!r}; {advice(name, known)}")
        if name in (LOAD, FAULTS_LOAD) and plan.load is None:
            raise UsageError(f"the stage {name} was asked for, and {plan.path} has no [load]")


def load_stages(asked: Asked, plan: Plan, deployer: str) -> dict[str, int]:
    """The loads that are promised; none where the plan has no [load] at all.

    That under faults is not spoken of where neither profile nor caller wants it.
    """
    if plan.load is None:
        return {}
    profile = plan.profile(asked.profile)
    found = {LOAD: int(why_skipped(asked, profile) is None)}
    if rounds_n(asked, profile):
        found[FAULTS_LOAD] = int(why_faultless(asked, deployer) is None)
    return found


def load_warnings(asked: Asked, plan: Plan, baseline: str | None, deployer: str) -> Iterator[str]:
    """What is not said of loads, and why."""
    if plan.load is None:
        return
    profile = plan.profile(asked.profile)
    why = why_skipped(asked, profile)
    if why is not None:
        yield f"nothing is said of losses under load: {why}"
    elif plan.limits.save_p95_ratio_max is not None and baseline is None:
        yield "limits.save_p95_ratio_max is not held: there is no baseline to load as well"
    faultless = why_faultless(asked, deployer)
    if faultless is not None and profile.load_faults:
        yield f"nothing is said of losses under load with faults: {faultless}"


def rounds_n(asked: Asked, profile: Profile) -> int:
    """How often each fault comes under load: once at least for who asks for it by name."""
    wanted = asked.stages is not None and FAULTS_LOAD in asked.stages
    return profile.load_faults or int(wanted)


def why_skipped(asked: Asked, profile: Profile) -> str | None:
    """Why a plan with a load drives none; None where it does."""
    if asked.stages is not None and LOAD not in asked.stages:
        return f"--stages {','.join(asked.stages)} leaves it out"
    if asked.stages is None and asked.only:
        return f"--only {', '.join(asked.only)} runs some cases, and no load"
    if profile.load_s == 0:
        return f"profile {profile.name} holds 0 s of load"
    return None


def why_faultless(asked: Asked, deployer: str) -> str | None:
    """Why no fault comes under load where the profile has some; None where they come."""
    if asked.stages is not None and FAULTS_LOAD not in asked.stages:
        return f"--stages {','.join(asked.stages)} leaves it out"
    if asked.stages is None and asked.only:
        return f"--only {', '.join(asked.only)} runs some cases, and no load"
    if deployer in UNTOUCHED:
        return f"the deployer {deployer} has nothing that could be killed or restarted"
    return None
