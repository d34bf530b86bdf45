"""What each profile holds unless the plan says otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from harness.journal.schedule import hold_s
from harness.model import Leg
from harness.plan.schema import CasesTable, Load, ProfileTable
from harness.plan.shapes import shaped
from harness.promise import ACROSS


@dataclass(frozen=True, slots=True)
class Profile:
    """How much one run drives.

    text_classes: how many of the corpus's text classes, which ones, or "all" of them; strength:
    2 for every pair of factor levels, 3 for every triple; sample_n: cases driven on the baseline
    as well, for comparison; scenarios_s_max: the time all scenarios together may take;
    trigger_s_max: the time for learning by experiment when losses happen, 0 for none; load_s:
    how long the peak of the load is held, 0 for no load; load_share: how much of the plan's peak
    that is; load_legs: the way to it and from it; load_faults: how often each fault comes under
    load, 0 for no such load;
    sequences_n: orders of actions for each scenario that has such; sequence_length_max: the
    actions of the longest; stages: the cases of each stage across two releases, None for all of
    them, 0 for no such stage.
    """

    name: str
    text_classes: int | tuple[str, ...] | Literal["all"]
    strength: Literal[2, 3]
    sample_n: int
    scenarios_s_max: float
    trigger_s_max: float
    load_s: float
    load_share: float
    sequences_n: int
    sequence_length_max: int
    stages: Mapping[str, int | None]
    load_faults: int = 0
    load_legs: tuple[Leg, ...] = ()


def _stages(*cases: int | None) -> Mapping[str, int | None]:
    return dict(zip(ACROSS, cases, strict=True))


BUILT_IN: Mapping[str, Profile] = {
    "commit": Profile("commit", 8, 2, 6, 600.0, 45.0, 10.0, 0.2, 8, 12, _stages(4, 8, 0, 0, 0)),
    "release": Profile(
        "release", "all", 3, 6, 3600.0, 300.0, 60.0, 1.0, 24, 16, _stages(4, 16, 24, 8, 4), 2
    ),
    "nightly": Profile(
        "nightly", "all", 3, 6, 14400.0, 900.0, 300.0, 1.0, 60, 30, _stages(4, 24, None, 16, 4), 3
    ),
}


def with_changes(
    profile: Profile, table: ProfileTable, stages: CasesTable, load: Load | None
) -> Profile:
    """The profile with what the plan writes in place of its own: for every profile, then for it."""
    own = table.model_fields_set - {"stages", "load_shape", "load_leg"}
    written = {key: getattr(table, key) for key in own}
    cases = {**profile.stages, **_written(stages), **_written(table.stages)}
    changed = replace(profile, **written, stages=cases)
    if load is None or not changed.load_s:
        return changed
    legs = _legs(changed.load_s, table, load)
    return replace(changed, load_legs=legs, load_s=hold_s(legs))


def _legs(load_s: float, table: ProfileTable, load: Load) -> tuple[Leg, ...]:
    """The profile's own legs or shape, before those of every profile."""
    written = table.load_leg or (() if table.load_shape else load.leg)
    if written:
        return tuple(Leg(float(leg.to), float(leg.over_s)) for leg in written)
    return shaped(table.load_shape or load.shape, load_s)


def _written(table: CasesTable) -> dict[str, int | None]:
    """The stages the table names, with their cases."""
    said = table.model_dump(by_alias=True, exclude_unset=True, exclude={"assets", "rotate"})
    return {name: None if cases == "all" else cases for name, cases in said.items()}
