"""Records planted before the upgrade: what the plan's canaries write on the baseline."""

from __future__ import annotations

from dataclasses import replace

from harness.drive.scenarios import drive
from harness.gate.across.fleet import OLD, Fleet
from harness.gate.promising import spec_for
from harness.model import PLANT
from harness.values import ATTEMPTS_MAX

WORKERS_N = 2
PLANT_S_MAX = 120.0


def plant(fleet: Fleet) -> None:
    """Have them all written, where the plan has any; raises EvidenceError where that fails."""
    work = fleet.work
    planted = work.plan.planted
    if planted is None:
        return
    old = fleet.old
    spec = spec_for(work.plan, work.run, OLD, old.release.name, work.profile)
    spec = replace(
        spec,
        url=old.url,
        scenarios=planted,
        forms=work.promise.forms[OLD],
        round=PLANT,
        # Their numbers begin anew, so that no attempt of a case may be theirs.
        attempt=ATTEMPTS_MAX,
        readers=False,
    )
    drive(spec, work.run, workers=WORKERS_N, timeout_s_max=PLANT_S_MAX, everything=True)
