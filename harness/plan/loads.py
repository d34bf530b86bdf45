"""What a load of the plan cannot be: legs that never hold the peak, or a peak without a save."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from harness.journal.schedule import hold_s, lasts_s
from harness.model import Leg
from harness.plan.problems import Problem, Where, shown
from harness.plan.profiles import BUILT_IN, Profile, with_changes
from harness.plan.schema import LOAD_S_MAX, CasesTable, Load, ProfileTable

HOLD_IT = "to hold it, write two legs with to = 1.0: one that rises to it, and one that lasts"


def load_problems(raw: Mapping[str, Any]) -> Iterator[Problem]:
    """Every contradiction in [load] and in what the profiles say of it."""
    load, profiles = raw.get("load"), raw.get("profile")
    load = load if isinstance(load, dict) else {}
    problems = list(_way(("load",), load, "leg", "shape"))
    for name, data in profiles.items() if isinstance(profiles, dict) else ():
        if isinstance(data, dict):
            problems += _profile(name, data, load)
    yield from problems
    if not problems:
        yield from _peaks(load, profiles if isinstance(profiles, dict) else {})


def _profile(name: str, data: Mapping[str, Any], load: Mapping[str, Any]) -> Iterator[Problem]:
    where: Where = ("profile", name)
    yield from _way(where, data, "load_leg", "load_shape")
    legs = data.get("load_leg") or ("load_shape" not in data and load.get("leg"))
    if legs and data.get("load_s"):
        told = "the legs of the load say how long it is held; remove one of the two"
        yield Problem((*where, "load_s"), shown(data["load_s"]), told)


def _way(where: Where, data: Mapping[str, Any], leg: str, shape: str) -> Iterator[Problem]:
    """The legs of one table; those that the schema refuses are its business."""
    if leg not in data:
        return
    if shape in data:
        told = f"a shape, or legs of its own: remove one of the two ({leg} are written as well)"
        yield Problem((*where, shape), shown(data[shape]), told)
    legs = _legs(data[leg])
    if legs is None:
        return
    if not hold_s(legs):
        shares = [leg.to for leg in legs]
        yield Problem((*where, leg), shown(shares), f"no leg holds the peak; {HOLD_IT}")
    if lasts_s(legs) > LOAD_S_MAX:
        told = f"the legs last more than {LOAD_S_MAX} s, a day; shorten them"
        yield Problem((*where, leg), f"{lasts_s(legs):g}", told)


def _legs(written: object) -> list[Leg] | None:
    try:
        load = Load.model_validate({"file": "?", "peak_saves_per_s": 1, "leg": written})
    except ValidationError:
        return None
    return [Leg(leg.to, leg.over_s) for leg in load.leg]


def _peaks(raw: Mapping[str, Any], profiles: Mapping[str, Any]) -> Iterator[Problem]:
    """Profiles at whose peak no save is due."""
    try:
        load = Load.model_validate(raw)
        tables = {name: ProfileTable.model_validate(profiles.get(name, {})) for name in BUILT_IN}
    except ValidationError:
        return
    for name, table in tables.items():
        profile = with_changes(BUILT_IN[name], table, CasesTable(), load)
        if profile.load_s and peak_of(load, profile) * profile.load_s < 1:
            told = (
                f"no save is due in the {profile.load_s:g} s that profile {name} holds "
                f"{peak_of(load, profile):g} saves/s; ask for more, hold it for longer, or write "
                f"load_s = 0 in [profile.{name}]"
            )
            yield Problem(("load", "peak_saves_per_s"), shown(load.peak_saves_per_s), told)


def peak_of(load: Load, profile: Profile) -> float:
    """The profile's peak, in saves/s."""
    return load.peak_saves_per_s * profile.load_share
