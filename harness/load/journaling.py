"""The journal of one user of a load, and the process that its users share."""

from __future__ import annotations

import atexit
import gc
import itertools
import os
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from harness.drive.load_spec import (
    GIVEN,
    PLACE_VARIABLE,
    VARIABLE,
    LoadSpec,
    default_name,
    read_load_spec,
    read_place,
    spec_from_text,
    write_load_spec,
)
from harness.errors import EnvironmentBroken
from harness.hiding import passwords
from harness.journal.handles import Asked, Entered, KeyLike, Record, Save, Trial
from harness.journal.volume_writer import VolumeWriter
from harness.journal.writer import Writer
from harness.load.ahead import Ahead
from harness.load.company import Worker, is_worker
from harness.load.pacing import Pacer
from harness.model import Form, Value
from harness.values import trial_number

# How many records a user opens in one trial before the next one begins.
RECORDS_MAX = 100


class Over(BaseException):
    """The load is over, where Locust is not there to be told so."""


class Journal:
    """What one user journals: the handles are those of scenarios.

    user is Locust's own; None where a load file is tried without it.
    """

    def __init__(self, user: Any = None) -> None:
        self._user = user
        self._process = _process(user)
        self._number = next(self._process.users)
        self._process.listen(user)
        writer = self._process.writer
        self._make = (
            Ahead(writer.spelled, RECORDS_MAX) if isinstance(writer, VolumeWriter) else None
        )
        self._trial = self._new_trial()

    @property
    def number(self) -> int:
        """Which user this is, from 0; no other has it, in whatever process of the load."""
        return self._number

    @property
    def forms(self) -> Mapping[str, Form]:
        """The forms that the release under load has, by name."""
        return self._process.forms

    def record(
        self, form: str, key: KeyLike = None, initial: Mapping[str, Value] | None = None
    ) -> Record:
        """A handle of one record of a form; see :meth:`harness.journal.handles.Trial.record`."""
        if self._trial.records_n >= RECORDS_MAX:
            self._trial = self._new_trial()
        return self._trial.record(form, key, initial)

    def _new_trial(self) -> Trial:
        process = self._process
        number = next(process.trials)
        return Trial(
            process.writer,
            id=f"load/{number}/1",
            run=process.run,
            number=trial_number("load", number, 1),
            forms=process.forms,
            files=process.files,
            pace=self._pace,
            entered=process.entered,
            # Nobody reads back what a load wrote: what is kept is memory that each save waits for.
            keeps=False,
            make=self._make,
        )

    def _pace(self) -> float | None:
        pacer = self._process.pacer
        if pacer is None:
            return None
        due_s = pacer.next_s(self._number)
        if due_s is None:
            self._process.end(self._user)
        return due_s


def told(save: Save, status: int, what: str) -> bool:
    """End a save by the status of its answer; says whether it was acknowledged.

    2xx acknowledges it and every other status refuses it; 0 is no answer at all, as Locust gives
    it, and leaves the save unknown. what is the request, as ``PATCH /notes/7``.
    """
    if status == 0:
        save.unanswered(f"{what}: no answer")
        return False
    if 200 <= status < 300:
        save.acknowledged(f"{what} {status}", level="transport")
        return True
    save.refused(f"{what} {status}")
    return False


@dataclass(slots=True)
class _Process:
    """What the users of one process share; without a pacer nobody drives it and nothing is kept.

    Of of_n processes of the load it is the nth, and numbers of its own are as many apart; trials
    count from first_trial on.
    """

    run: str
    forms: Mapping[str, Form]
    writer: Writer
    files: Path | None = None
    pacer: Pacer | None = None
    worker: Worker | None = None
    nth: int = 0
    of_n: int = 1
    first_trial: int = 0
    users: Iterator[int] = field(init=False)
    trials: Iterator[int] = field(init=False)
    entered: dict[Asked, Entered] = field(default_factory=dict)
    ended: bool = False
    listening: bool = False

    def __post_init__(self) -> None:
        self.users = itertools.count(self.nth, self.of_n)
        self.trials = itertools.count(self.first_trial + self.nth, self.of_n)

    def listen(self, user: Any) -> None:
        """Have what the load file raises journaled."""
        writer = self.writer
        if self.listening or user is None or not isinstance(writer, VolumeWriter):
            return
        self.listening = True

        def raised(exception: BaseException, **_: object) -> None:
            writer.trouble(f"{type(exception).__name__}: {exception}")

        user.environment.events.user_error.add_listener(raised)

    def end(self, user: Any) -> None:
        """End this user, and once the whole load; who is in the middle of a save finishes it."""
        if not self.ended and user is not None:
            self.ended = True
            ends = self.worker.end if self.worker else user.environment.runner.quit
            # It waits for every user, so none can do it for itself.
            threading.Thread(target=ends, daemon=True).start()
        raise getattr(sys.modules.get("locust.exception"), "StopUser", Over)


class _Dropped:
    """A journal that is not kept: time stands still for who keeps nothing."""

    def _drop(self, *_: object) -> float:
        return 0.0

    write = opened = intended = typed = acknowledged = _drop


@cache
def _processes() -> list[_Process]:
    """This process, once its first user is there."""
    return []


def _process(user: Any) -> _Process:
    known = _processes()
    if not known:
        known.append(_new_process(user))
    return known[0]


def _new_process(user: Any) -> _Process:
    path, place = os.environ.get(VARIABLE), os.environ.get(PLACE_VARIABLE)
    if user is not None and place is not None:
        return _at(Path(place), user)
    if path is None:
        return _Process("0000", _forms_of_plan(), _Dropped())
    return _driven(read_load_spec(Path(path)), default_name(), user)


def _at(path: Path, user: Any) -> _Process:
    """This process on a host of its own, where its master's spec came by Locust's own way."""
    place = read_place(path)
    sent = getattr(user.environment.parsed_options, "harness_load", "")
    spec = replace(spec_from_text(sent), journal=place.journal, files=place.files)
    write_load_spec(path.with_name(GIVEN), spec)
    return _driven(spec, place.name, user)


def _driven(spec: LoadSpec, name: str, user: Any) -> _Process:
    runner: Any = user.environment.runner if user is not None else None
    worker = Worker(runner, name) if is_worker(runner) else None
    nth = runner.worker_index if worker is not None else 0
    if not 0 <= nth < spec.processes:
        raise EnvironmentBroken(
            f"this is worker {nth + 1} of a load that {spec.processes} drive: start as many as "
            "its master expects"
        )
    values = [os.environ[name] for name in spec.hidden if name in os.environ]
    secrets = {*values, *(word for value in values for word in passwords(value))}
    writer = VolumeWriter(spec.journal, nth, name, filter(None, secrets))
    # What is there by now stays: the collector need not go through it during every load.
    gc.collect()
    gc.freeze()
    # Locust exits once its users have ended, or were ended: whatever it was, nobody saves by then.
    atexit.register(writer.close)
    pacer = Pacer(
        spec.rate,
        spec.legs,
        max(1, spec.users // spec.processes),
        writer.schedule,
        nth=nth,
        of_n=spec.processes,
        begin=worker.begin if worker is not None else None,
        over=Path(spec.until).exists if spec.until else lambda: False,
    )
    return _Process(
        spec.run,
        spec.forms,
        writer,
        spec.files,
        pacer,
        worker,
        nth,
        spec.processes,
        spec.first_trial,
    )


def _forms_of_plan() -> Mapping[str, Form]:
    # A load of a gate is handed its forms: only an author pays for what validates a plan.
    from harness.plan import load_plan, nearest_plan

    path = nearest_plan((Path.cwd(),), "a load file needs one, for the forms it describes")
    return load_plan(path, os.environ, secrets_required=False).forms("")
