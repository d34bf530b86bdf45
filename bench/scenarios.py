"""How much longer scenarios take under the harness than as a bare script, pair by pair."""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.calling import call
from harness.browser import find_browser
from harness.deploy.choose import deployer_for
from harness.drive.scenarios import collect, default_workers, drive
from harness.drive.spec import Spec
from harness.errors import DriveFailed
from harness.gate.promising import spec_for
from harness.plan import load_plan
from harness.plugin.fixtures import QUIET
from harness.runs import RunFolder, create_run

RELEASE = "1.1.0"
FOLDER = Path(__file__).parent
TIMEOUT_S_MAX = 600.0
PAIR_N = 24
TAIL_CHARS = 2000
# A host that is too busy for one pair may have time for the next.
AGAIN_N_MAX = 3
AGAIN_CHARS_MAX = 300


def ratios(pairs_n: int) -> Iterator[float]:
    """One ratio a pair, harness to bare script; whichever goes first alternates.

    A pair of which one side did not complete measures nothing, and is made again; raises
    DriveFailed where that happens AGAIN_N_MAX times.
    """
    again_n = made_n = attempt = 0
    with _deployed() as (spec, run):
        while made_n < pairs_n:
            attempt += 1
            arms = {
                "bare": partial(_bare, spec, run),
                "driven": partial(_driven, spec, run, attempt),
            }
            order = sorted(arms, reverse=bool(made_n % 2))
            try:
                took_s = {name: arms[name]() for name in order}
            except DriveFailed as error:
                again_n += 1
                if again_n == AGAIN_N_MAX:
                    raise
                print(f"scenarios: a pair is made again: {error}"[:AGAIN_CHARS_MAX], flush=True)
                continue
            made_n += 1
            yield took_s["driven"] / took_s["bare"]


@contextmanager
def _deployed() -> Iterator[tuple[Spec, RunFolder]]:
    plan = load_plan(FOLDER.parent / "harness.toml", os.environ)
    with TemporaryDirectory(prefix="bench-") as runs, create_run(Path(runs)) as run:
        deployer = deployer_for(plan, run, "process", os.environ, [RELEASE])
        general = spec_for(plan, run, "candidate", RELEASE, plan.profile("commit"))
        spec = replace(general, scenarios=FOLDER / "driven")
        cases = collect(spec, run).cases
        if len(cases) != PAIR_N:
            raise DriveFailed(f"{len(cases)} cases are driven, and {PAIR_N} are in the bare script")
        with deployer.deploy(deployer.identify(RELEASE), "candidate", None) as deployment:
            numbers = {case.id: case.number for case in cases}
            yield replace(spec, url=deployment.url, cases=numbers), run


def _driven(spec: Spec, run: RunFolder, attempt: int) -> float:
    done = drive(
        replace(spec, attempt=attempt),
        run,
        workers=default_workers(PAIR_N),
        timeout_s_max=TIMEOUT_S_MAX,
    )
    # A case that is skipped is no failure for pytest, and costs no time.
    if done.exit_code != 0 or not all_passed(done.log.read_text("utf-8")):
        raise DriveFailed(f"some case did not complete, so nothing was compared; see {done.log}")
    return done.seconds


def _bare(spec: Spec, run: RunFolder) -> float:
    browser = find_browser()
    launch: dict[str, object] = {"args": [*QUIET, *([] if "shell" in browser.name else _ROOT)]}
    if browser.path is not None:
        launch["executable_path"] = str(browser.path)
    elif browser.channel is not None:
        launch["channel"] = browser.channel
    command = [
        sys.executable, "-m", "pytest", str(FOLDER / "bare"), "--rootdir", str(spec.root),
        "-o", "addopts=", "-p", "no:cacheprovider", "-p", "no:hypothesispytest",
        "-p", "no:harness", "-q", "--no-header", "--tb=short",
        "--output", str(run.path / "bare-output"),
        "-n", str(default_workers(PAIR_N)), "--dist", "load", "--maxschedchunk", "1",
    ]  # fmt: skip
    told = {"BENCH_URL": spec.url, "BENCH_LAUNCH": json.dumps(launch), "PYTHONUNBUFFERED": "1"}
    # The harness does without it as well.
    kept = {name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"}
    began_s = time.monotonic()
    done = call(command, spec.root, TIMEOUT_S_MAX, {**kept, **run.environment, **told})
    took_s = time.monotonic() - began_s
    if done.returncode != 0 or not all_passed(done.stdout):
        raise DriveFailed(f"the bare script did not complete:\n{done.stdout[-TAIL_CHARS:]}")
    return took_s


# A full browser does not start as root inside its own sandbox.
_ROOT = ["--no-sandbox"] if os.geteuid() == 0 else []


def all_passed(output: str) -> bool:
    """Whether pytest says that every case of a pair passed, and that none did anything else."""
    last = output.rstrip().rpartition("\n")[2].strip("= ")
    return re.fullmatch(rf"{PAIR_N} passed(, \d+ warnings?)? in .*", last) is not None
