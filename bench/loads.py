"""What journaling costs a load, and what rate of saves is held with every one of them verified."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
from psycopg import sql

from bench.calling import call
from harness.deploy.choose import deployer_for
from harness.deploy.seams import Deployment
from harness.drive.child import Child
from harness.drive.load import EXIT_CODES, drive_load
from harness.drive.load_spec import LoadSpec
from harness.errors import DriveFailed
from harness.model import Leg
from harness.plan import Plan, load_plan
from harness.runs import RunFolder, create_run

ROOT = Path(__file__).parent.parent
SAVING = Path(__file__).parent / "saving"
WRITING = Path(__file__).parent / "writing"
RELEASE = "1"
USERS_N = 32
# What is measured comes after all users are there, and before any of them goes.
WARM_S = 2.0
WINDOW_S = 8.0
# Nobody reaches it, so that users never wait for their moment.
RATE = 1e6
TIMEOUT_S_MAX = 900.0
HELD_RATE = 1_500.0
CLINIC, CLINIC_RATE = "1.1.0", 500.0
# The form that the users write, by the application's name.
_NOTES = {"clinic": "consultation", "saving": "note"}


def journal_ratios(pairs_n: int) -> Iterator[float]:
    """One ratio a pair, journaled to bare saves a second, beside the clinic on the same cores."""
    with standing(ROOT, CLINIC) as side:
        yield from _ratios("load-journal", replace(side, users=WRITING), pairs_n)


def generator_ratios(pairs_n: int) -> Iterator[float]:
    """The same beside an endpoint so cheap that the generator alone is the limit."""
    with standing(SAVING, RELEASE) as side:
        yield from _ratios("load-journal-alone", side, pairs_n)


def _ratios(bench: str, side: Side, pairs_n: int) -> Iterator[float]:
    """Whichever of a pair goes first alternates."""
    for number in range(pairs_n):
        arms = {
            "bare": partial(_bare, side, f"b{number}"),
            "journaled": partial(_journaled, side, f"j{number}"),
        }
        order = sorted(arms, reverse=bool(number % 2))
        rates = {name: arms[name]() for name in order}
        print(f"{bench}: {_told(rates)}", flush=True)
        yield rates["journaled"] / rates["bare"]


def held(loads_n: int) -> Iterator[float]:
    """One figure a load: the rate that was acknowledged while it was held, all of it verified.

    Raises DriveFailed where a save is missing, or the load is not what was asked for.
    """
    for _ in range(loads_n):
        yield _load("load-held", RELEASE, "--plan", str(SAVING), "--profile", "commit")


def clinic(loads_n: int) -> Iterator[float]:
    """The same of the clinic at its own peak, beside the load on the same cores."""
    for _ in range(loads_n):
        yield _load("load-clinic", CLINIC, "--profile", "nightly", "--deployer", "process")


def _load(bench: str, *words: str) -> float:
    with TemporaryDirectory(prefix="bench-") as runs:
        return _judged(bench, *words, "--runs", runs, "--json")


def _judged(bench: str, *words: str) -> float:
    command = [sys.executable, "-m", "harness", "load", *words]
    done = call(command, ROOT, TIMEOUT_S_MAX)
    if done.returncode not in (0, 1, 3) or not done.stdout:
        raise DriveFailed(f"the load was not driven:\n{done.stderr[-2000:]}")
    verdict = json.loads(done.stdout)
    load = verdict["evidence"]["load"]
    if load is None or load["saves_verified"] != load["saves_acknowledged"]:
        raise DriveFailed(f"not every save was verified: {verdict['sentence']}")
    print(
        f"{bench}: {load['saves_verified']:,} saves verified, p95 {load['p95_ms']:.0f} ms, "
        f"{verdict['duration_s']:.0f} s in all: {verdict['sentence']}",
        flush=True,
    )
    return float(load["reached_saves_per_s"])


@dataclass(frozen=True)
class Side:
    """A release that saves, and the folder of who writes to it: journaled.py and bare.py."""

    plan: Plan
    run: RunFolder
    deployment: Deployment
    users: Path
    release: str

    def stored(self) -> int:
        """How many notes storage holds whole."""
        form = self.plan.forms(self.release)[_NOTES[self.plan.table.app.name]]
        (dsn,) = self.deployment.storages.values()
        query = sql.SQL("SELECT count(*) FROM {} WHERE conclusion IS NOT NULL")
        with psycopg.connect(dsn, autocommit=True) as connection:
            found = connection.execute(query.format(sql.Identifier(str(form.table)))).fetchone()
        return int(found[0]) if found else 0


@contextmanager
def standing(folder: Path, release: str) -> Iterator[Side]:
    """A release of the plan in a folder, as a local process; both are gone with the block."""
    plan = load_plan(folder, os.environ)
    with TemporaryDirectory(prefix="bench-") as runs, create_run(Path(runs)) as run:
        deployer = deployer_for(plan, run, "process", os.environ, [release])
        with deployer.deploy(deployer.identify(release), "candidate", None) as deployment:
            yield Side(plan, run, deployment, folder, release)


def _journaled(side: Side, round_: str) -> float:
    journal = side.run.path / round_
    journal.mkdir()
    os.environ["BENCH_ROUND"] = round_
    meter = Meter(side.stored)
    spec = LoadSpec(
        run=side.run.tag,
        url=side.deployment.url,
        file=side.users / "journaled.py",
        root=ROOT,
        journal=journal,
        files=journal,
        forms=side.plan.forms(side.release),
        rate=RATE,
        legs=(Leg(1.0, 0.0), Leg(1.0, WARM_S + WINDOW_S + 2)),
        users=USERS_N,
    )
    drive_load(spec, side.run, on_progress=lambda _: meter.sample())
    return meter.rate()


def _bare(side: Side, round_: str) -> float:
    meter = Meter(side.stored)
    child = Child(
        runner="Locust",
        what="the users of the load",
        command=[
            sys.executable, "-m", "locust", "-f", str(side.users / "bare.py"), "--headless",
            "--users", str(USERS_N), "--spawn-rate", str(USERS_N),
            "--host", side.deployment.url,
            "--run-time", f"{WARM_S + WINDOW_S + 4:.0f}s", "--only-summary",
        ],
        cwd=ROOT,
        env={**os.environ, **side.run.environment, "BENCH_ROUND": round_},
        log=side.run.logs / f"{round_}.log",
        exit_codes=EXIT_CODES,
    )  # fmt: skip
    code = child.run(TIMEOUT_S_MAX, lambda _: meter.sample())
    if code != 0:
        raise DriveFailed(child.account(code))
    return meter.rate()


@dataclass
class Meter:
    """Saves a second, as storage holds them."""

    stored: Callable[[], int]
    samples: list[tuple[float, int]] = field(default_factory=list)
    before: int | None = None

    def sample(self) -> None:
        """Count once; nothing counts before the first save."""
        stored = self.stored()
        if self.before is None:
            self.before = stored
        if stored > self.before:
            self.samples.append((time.perf_counter(), stored))

    def rate(self) -> float:
        """The rate between the end of the warming up and the end of the window.

        Raises DriveFailed where the load did not last that long.
        """
        if not self.samples:
            raise DriveFailed("nothing was saved")
        from_s = self.samples[0][0] + WARM_S
        window = [(at_s, n) for at_s, n in self.samples if from_s <= at_s <= from_s + WINDOW_S]
        if len(window) < 2 or window[-1][0] - window[0][0] < WINDOW_S / 2:
            raise DriveFailed("the load did not last as long as it is measured")
        return (window[-1][1] - window[0][1]) / (window[-1][0] - window[0][0])


def _told(rates: dict[str, float]) -> str:
    return ", ".join(f"{name} {rate:.0f} saves/s" for name, rate in sorted(rates.items()))
