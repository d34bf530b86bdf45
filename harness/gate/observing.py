"""When storage is read, and that every read is kept."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from harness.checks.history import FOREVER_S
from harness.checks.retelling import LOAD
from harness.errors import StorageUnreadable
from harness.judge import Grounds
from harness.model import Anomaly, Form, Key, Role, Severity
from harness.observations import Observation, Purpose, Row, write_observation
from harness.promise import Promise
from harness.runs import RunFolder
from harness.storage.observe import by_storage, check_locators, observe_all
from harness.storage.scope import EVERY_ROW, Keys
from harness.storage.seams import Storage
from harness.storage.streaming import stream_prints

# Long enough after the first read that what was under way has ended.
CONFIRM_AFTER_S = 1.0
# For so long what is missing after the settle time is looked for: then it is lost, not late.
LATE_WATCH_S = 4.0
_TWICE: tuple[Purpose, ...] = ("final", "confirm")


class Standpoint(Protocol):
    """Whose storages are read; a deployment is one."""

    @property
    def role(self) -> Role:
        """As what."""
        ...

    @property
    def storages(self) -> Mapping[str, str]:
        """Where each storage of the plan is read."""
        ...


@dataclass(frozen=True, slots=True)
class Place:
    """Storages that another release stands on by now, or will."""

    role: Role
    storages: Mapping[str, str]


class Observer:
    """Reads a deployment's storage at the right moments and keeps what it read."""

    def __init__(
        self,
        run: RunFolder,
        promise: Promise,
        folder: Path,
        replicas: Mapping[str, str | Storage] | None = None,
    ) -> None:
        self._run = run
        self._promise = promise
        self._folder = folder
        self._replicas = replicas or {}
        self._count = 0
        self._read_s: dict[str, float] = {}
        self._glimpsed: dict[str, dict[tuple[str, Key], Row]] = {}

    def check(self, deployment: Standpoint) -> None:
        """Every form's table, key and columns are there; raises StorageUnreadable."""
        forms = self._promise.forms[deployment.role]
        check_locators(deployment.storages, forms, folder=self._folder)

    def before(
        self, deployment: Standpoint, forms: Mapping[str, Form] | None = None
    ) -> Observation:
        """What storage holds ahead of any trial; forms where they are another release's yet."""
        return self._read(deployment, "before", forms)

    def during(self, deployment: Standpoint) -> Observation:
        """A look while scenarios run."""
        return self._read(deployment, "during")

    def glimpse(self, deployment: Standpoint) -> None:
        """Keep what has changed since the last glimpse; every row the first time.

        So little is kept that this may come every second. Raises StorageUnreadable.
        """
        forms = self._promise.forms[deployment.role]
        self._count += 1
        read = observe_all(
            deployment.storages,
            forms,
            id=f"{self._count:02d}-{deployment.role}-glimpse",
            role=deployment.role,
            purpose="glimpse",
            scope=dict.fromkeys(forms, EVERY_ROW),
            folder=self._folder,
        )
        before = self._glimpsed.get(deployment.role, {})
        now = {(row.form, row.key): row for rows in read.rows.values() for row in rows}
        self._glimpsed[deployment.role] = now
        changed = {
            form: tuple(row for row in rows if before.get((form, row.key)) != row)
            for form, rows in read.rows.items()
        }
        if any(changed.values()):
            write_observation(self._run.observations, replace(read, rows=changed, columns={}))

    def final(self, deployment: Standpoint, grounds: Grounds) -> Observation:
        """Once the settle time of every save is over, counted from the end of our own faults."""
        self.await_settled(deployment, grounds)
        read = self._read(deployment, "final")
        self.replica(deployment)
        return read

    def await_settled(self, deployment: Standpoint, grounds: Grounds) -> None:
        """Wait until the settle time of every save is over."""
        forms = self._promise.forms[deployment.role]
        ready_s = 0.0
        for trial in grounds.history.of_role(deployment.role):
            faults = (*trial.faults, *grounds.history.faults)
            ended_s = [fault.ended_s for fault in faults if fault.ended_s < FOREVER_S]
            for record in trial.records:
                told_s = [save.ended_s or save.began_s for save in record.saves]
                last_s = max((*ended_s, *told_s), default=0.0)
                ready_s = max(ready_s, last_s + forms[record.form].settle_s_max)
        _wait_until(ready_s)

    def confirm(self, deployment: Standpoint) -> Observation:
        """A second, later read."""
        _wait_until(self._read_s.get(deployment.role, 0.0) + CONFIRM_AFTER_S)
        read = self._read(deployment, "confirm")
        self.replica(deployment)
        if self._replicas:
            # What was allowed to be late at the first read needs a second one now.
            _wait_until(time.monotonic() + CONFIRM_AFTER_S)
            self.replica(deployment)
        return read

    def replica(self, deployment: Standpoint) -> None:
        """Read the candidate's replicas, where the plan has any, once each.

        One that cannot be read is kept as a read that failed: it is missing evidence.
        """
        forms = by_storage(self._promise.forms[deployment.role])
        for name, reader in self._replicas.items() if deployment.role == "candidate" else ():
            self._count += 1
            id_ = f"{self._count:02d}-{deployment.role}-replica-{name}"
            began_s = time.monotonic()
            try:
                read = observe_all(
                    {name: reader},
                    forms.get(name, {}),
                    id=id_,
                    role=deployment.role,
                    purpose="replica",
                    folder=self._folder,
                )
            except StorageUnreadable as error:
                ended_s, trouble = time.monotonic(), f"the replica of storage {name}: {error}"
                read = Observation(
                    id_, deployment.role, "replica", began_s, ended_s, {}, trouble=trouble
                )
            write_observation(self._run.observations, read)

    def await_late(
        self,
        deployment: Standpoint,
        weigh: Callable[[], Grounds],
        watch_s: float = LATE_WATCH_S,
    ) -> Grounds:
        """Read again, at growing distances, while what is missing may be late rather than lost.

        At the least watch_s from now; where a form allows more to be late, until that is over.
        """
        began_s = time.monotonic()
        pause_s = CONFIRM_AFTER_S
        grounds = weigh()
        while wrong := _wrong_forms(grounds, deployment.role):
            forms = self._promise.forms[deployment.role]
            allowed_s = max(forms[form].late_s_max for form in wrong)
            end_s = began_s + max(watch_s, allowed_s + CONFIRM_AFTER_S if allowed_s else 0.0)
            if time.monotonic() >= end_s:
                break
            _wait_until(min(time.monotonic() + pause_s, end_s))
            self._read(deployment, "confirm")
            pause_s *= 2
            grounds = weigh()
        return grounds

    def every_row(
        self, deployment: Standpoint, purpose: Purpose, ready_s: float = 0.0, load: str = LOAD
    ) -> Path:
        """Fingerprints of all that stands around a load, read at ready_s at the earliest."""
        _wait_until(ready_s)
        self._count += 1
        return stream_prints(
            deployment.storages,
            self._promise.forms[deployment.role],
            id=f"{self._count:02d}-{load}-{purpose}",
            role=LOAD,
            purpose=purpose,
            into=self._run.observations,
            folder=self._folder,
        )

    def suspects(self, deployment: Standpoint, scope: Mapping[str, Keys], load: str = LOAD) -> None:
        """What a load may have lost, with its texts, and once more a little later."""
        for purpose in _TWICE:
            _wait_until(self._read_s.get(LOAD, 0.0) + CONFIRM_AFTER_S)
            self._count += 1
            observation = observe_all(
                deployment.storages,
                self._promise.forms[deployment.role],
                id=f"{self._count:02d}-{load}-{purpose}",
                role=LOAD,
                purpose=purpose,
                scope=scope,
                folder=self._folder,
            )
            write_observation(self._run.observations, observation)
            self._read_s[LOAD] = observation.ended_s

    def _read(
        self,
        deployment: Standpoint,
        purpose: Purpose,
        forms: Mapping[str, Form] | None = None,
    ) -> Observation:
        self._count += 1
        observation = observe_all(
            deployment.storages,
            forms or self._promise.forms[deployment.role],
            id=f"{self._count:02d}-{deployment.role}-{purpose}",
            role=deployment.role,
            purpose=purpose,
            folder=self._folder,
        )
        write_observation(self._run.observations, observation)
        self._read_s[deployment.role] = observation.ended_s
        return observation


def _wrong_forms(grounds: Grounds, role: Role) -> set[str]:
    """Forms of which the last read of storage showed something to be wrong."""
    forms = grounds.promise.forms[role]
    symptoms = grounds.symptoms if role == "candidate" else grounds.across.symptoms_of(role)
    return {
        symptom.form
        for symptom in symptoms
        if symptom.observation is not None
        and symptom.severity is not Severity.WARN
        and symptom.anomaly is not Anomaly.LATE
        and symptom.form in forms
    }


def _wait_until(at_s: float) -> None:
    wait_s = at_s - time.monotonic()
    if wait_s > 0:
        time.sleep(wait_s)
