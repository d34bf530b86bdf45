"""What every check says of a run, together: what a verdict is made of."""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.checks.across import Across
from harness.checks.controls import Controls
from harness.checks.history import History
from harness.checks.journeys import Journeys
from harness.checks.load import LoadGrounds
from harness.model import Finding, Judgement, Symptom
from harness.observations import Observation
from harness.promise import Promise


@dataclass(frozen=True, slots=True)
class Grounds:
    """Everything a verdict is made of.

    crashed are sentences on checks that failed, unread on replicas that were not read;
    uncovered is what no field covers and makes evidence missing; unwatched, a warning, is what
    else was left out or taken for granted. right_storage says whether the reads were proved to be
    of the storage that the release writes to. loads are those that were driven; across is what
    the stages across versions found.
    """

    promise: Promise
    history: History
    observations: tuple[Observation, ...]
    storage: Judgement
    symptoms: tuple[Symptom, ...]
    findings: tuple[Finding, ...]
    journeys: Journeys
    controls: Controls
    fields_read: int
    crashed: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    uncovered: tuple[str, ...] = ()
    unwatched: tuple[str, ...] = ()
    right_storage: bool = True
    loads: tuple[LoadGrounds, ...] = ()
    across: Across = field(default_factory=Across)

    def load(self, name: str) -> LoadGrounds | None:
        """What is to be said of the load of that name; None where none was driven."""
        return next((load for load in self.loads if load.name == name), None)
