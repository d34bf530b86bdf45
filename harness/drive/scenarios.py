"""Drives scenarios: pytest as a child process, with a limit and a written table of its answers."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from harness.drive.child import Child, Run
from harness.drive.spec import Spec, write_spec
from harness.errors import DriveFailed, ScenarioError, UsageError
from harness.model import Case
from harness.orders import Model, model_from_json

COLLECT_S_MAX = 60.0
WORKERS_MAX = 4
CASES_PER_WORKER = 6
PROBLEMS_MAX = 5

# What pytest's exit codes mean here; a code that is not in the table is a fault.
EXIT_CODES: Mapping[int, str] = {
    0: "every scenario completed",
    1: "some scenario did not complete",
    2: "pytest was interrupted, or a file could not be collected",
    3: "pytest failed inside",
    4: "pytest was called in a wrong way, or a conftest.py could not be imported",
    5: "no scenario was collected",
    6: "there were more warnings than the application's own pytest options allow",
}
DRIVEN = frozenset({0, 1})
NONE_COLLECTED = 5

# An application's own pytest options may select, reorder or repeat tests: a promise stands above.
# Hypothesis is loaded whole at the end of every pytest process, for statistics nobody reads here.
_OPTIONS = (
    "-o", "addopts=",
    "-p", "no:cacheprovider",
    "-p", "no:randomly",
    "-p", "no:random_order",
    "-p", "no:rerunfailures",
    "-p", "no:hypothesispytest",
    "-q", "--no-header", "--tb=short",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Collected:
    """What the scenarios promise for one release.

    absent maps a scenario to why the release does not have it, left_out a scenario or a file to
    why pytest would not drive it; readers are the names of those that look at a form's records;
    removable are the forms whose records the scenarios can remove;
    models and obligations are those of scenarios that have orders, or things that have to happen.
    """

    cases: tuple[Case, ...]
    absent: Mapping[str, str]
    left_out: Mapping[str, str] = field(default_factory=dict)
    readers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    models: Mapping[str, Model] = field(default_factory=dict)
    obligations: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    removable: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class DriveProgress:
    """How far a round is: cases ended of all, saves acknowledged."""

    done_n: int
    total_n: int
    saves_n: int


@dataclass(frozen=True, slots=True)
class DriveResult:
    """How a round went, as far as pytest can tell; what it measured is in the journal."""

    exit_code: int
    seconds: float
    log: Path
    progress: DriveProgress


def collect(spec: Spec, run: Run) -> Collected:
    """The cases that the scenarios promise for the spec's release, in pytest's own order.

    Raises ScenarioError where there is no scenario or a file cannot be imported, UsageError where
    pytest refuses the call, DriveFailed on anything pytest does not say in its table.
    """
    if not spec.scenarios.exists():
        raise ScenarioError(
            f"there are no scenarios in {spec.scenarios}; write one, or set [scenarios] path"
        )
    name = f"scenarios-{spec.role}-collect"
    out = run.logs / f"{name}.promise.json"
    out.unlink(missing_ok=True)
    asked = replace(spec, cases=None, cases_out=out)
    child = _child(asked, run, name, ["--collect-only", "-q", "-n", "0"])
    code = child.run(COLLECT_S_MAX, lambda _: None)
    promise = _read_promise(out)
    if promise["problems"]:
        raise ScenarioError(_problems(promise["problems"]))
    if code == 4:
        raise UsageError(f"pytest cannot collect {spec.scenarios}:\n{child.tail()}")
    if code not in (0, 5):
        raise DriveFailed(child.account(code))
    if not promise["cases"]:
        why = "write a function test_... in a file test_....py there"
        if promise["absent"]:
            why = f"{len(promise['absent'])} are absent in {spec.release}"
        why = "; ".join(f"{name} {reason}" for name, reason in promise["left_out"].items()) or why
        raise ScenarioError(f"no scenario was collected in {spec.scenarios}: {why}")
    cases = tuple(Case(**case) for case in promise["cases"])
    seen = {form: tuple(names) for form, names in promise["readers"].items() if names}
    return Collected(
        cases,
        promise["absent"],
        promise["left_out"],
        seen,
        models={name: model_from_json(model) for name, model in promise["models"].items()},
        obligations={name: tuple(words) for name, words in promise["obligations"].items()},
        removable=frozenset(promise["removers"]),
    )


def drive(
    spec: Spec,
    run: Run,
    *,
    workers: int | None = None,
    timeout_s_max: float,
    everything: bool = False,
    on_progress: Callable[[DriveProgress], None] = lambda _: None,
) -> DriveResult:
    """Drive the spec's cases on its deployment; what happened is in the journal.

    With everything, and no cases chosen, all that there are.

    Probes for which there is no row are left out. on_progress is called about every half second.
    Raises DriveFailed where pytest ends in a way that is no result, or takes longer than
    timeout_s_max: what it did until then is journaled.
    """
    cases_n = len(spec.probes or spec.cases or spec.removals[:1])
    if not cases_n and not everything:
        raise ScenarioError(f"round {spec.round!r} was given no case to drive")
    name = f"scenarios-{spec.role}-{spec.round}-{spec.attempt}"
    chosen_n = min(workers or default_workers(cases_n), cases_n)
    options = [
        "-n", str(chosen_n), "--dist", "load", "--maxschedchunk", "1",
        "--max-worker-restart", str(cases_n),
    ]  # fmt: skip
    growth = _Growth(spec.journal, cases_n)
    child = _child(spec, run, name, options)
    began_s = time.monotonic()
    code = child.run(timeout_s_max, lambda _: on_progress(growth.read()))
    counts = growth.read()
    on_progress(counts)
    if spec.probes and code == NONE_COLLECTED:
        return DriveResult(code, time.monotonic() - began_s, child.log, counts)
    if code not in DRIVEN or counts.done_n == 0:
        done = f"{counts.done_n} of {counts.total_n} cases were driven"
        raise DriveFailed(f"{child.account(code)}\n{done}")
    return DriveResult(code, time.monotonic() - began_s, child.log, counts)


def default_workers(cases_n: int) -> int:
    """How many pytest workers use this host best: two for each core, four at most.

    A worker and its browser cost as much to start as several cases, so that few cases get few.
    """
    return max(1, min(WORKERS_MAX, 2 * (os.cpu_count() or 1), cases_n // CASES_PER_WORKER))


def _child(spec: Spec, run: Run, name: str, options: Sequence[str]) -> Child:
    """One pytest process with all it starts."""
    path = run.logs / f"{name}.json"
    write_spec(path, spec)
    kept = {name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"}
    return Child(
        runner="pytest",
        what="the scenarios",
        command=[
            sys.executable, "-m", "pytest", str(spec.scenarios),
            "--harness-spec", str(path), "--rootdir", str(spec.root), *_OPTIONS, *options,
        ],
        cwd=spec.root,
        # A browser that is killed leaves its profile behind.
        env={**kept, **run.environment, "PYTHONUNBUFFERED": "1", "TMPDIR": str(run.temporary)},
        log=run.logs / f"{name}.log",
        exit_codes=EXIT_CODES,
    )  # fmt: skip


@dataclass(slots=True)
class _Growth:
    """Counts what the journal gained since it was made, reading each byte once."""

    folder: Path
    total_n: int
    done_n: int = 0
    saves_n: int = 0
    offsets: dict[Path, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for path in self.folder.glob("*.jsonl"):
            self.offsets[path] = path.stat().st_size

    def read(self) -> DriveProgress:
        for path in self.folder.glob("scenarios-*.jsonl"):
            with path.open("rb") as stream:
                stream.seek(self.offsets.get(path, 0))
                whole, newline, _ = stream.read().rpartition(b"\n")
            self.offsets[path] = self.offsets.get(path, 0) + len(whole) + len(newline)
            self.done_n += whole.count(b'{"kind":"trial-ended"')
            self.saves_n += whole.count(b'{"kind":"save-acknowledged"')
        return DriveProgress(self.done_n, self.total_n, self.saves_n)


def _read_promise(path: Path) -> dict[str, Any]:
    """What the child wrote; nothing where it never came so far."""
    try:
        return dict(json.loads(path.read_text(encoding="ascii")))
    except FileNotFoundError:
        return {**{key: {} for key in _BY_NAME}, "cases": [], "problems": []}
    except (OSError, ValueError) as error:
        raise DriveFailed(f"the promise {path} cannot be read: {error}") from error


_BY_NAME = ("absent", "left_out", "readers", "removers", "models", "obligations")


def _problems(problems: Sequence[Mapping[str, str]]) -> str:
    lines = [f"  {problem['file']}: {problem['reason']}" for problem in problems[:PROBLEMS_MAX]]
    more = len(problems) - PROBLEMS_MAX
    if more > 0:
        lines.append(f"  and {more} more")
    return "\n".join([f"{len(problems)} scenario file(s) cannot be collected:", *lines])
