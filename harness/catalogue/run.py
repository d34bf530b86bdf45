"""A run of the catalogue: choose, check everything, gate, compare, keep."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.catalogue.entries import Entry, catalogue_of, find_entries, names_of
from harness.catalogue.fitting import check_entries
from harness.catalogue.results import (
    Result,
    done_before,
    fingerprint,
    keep,
    open_record,
    shared_bytes,
)
from harness.catalogue.running import Gating, gate_all
from harness.catalogue.sampling import sample
from harness.catalogue.summary import cells, to_json
from harness.errors import UsageError
from harness.gate import Progress, Watcher
from harness.plan import Plan, load_plan
from harness.runs.disk import write_whole

STAGE = "catalogue"


@dataclass(frozen=True, slots=True)
class Asked:
    """One call: names, or sample_n of the releases at that turn, or all of them."""

    plan: Path
    runs: Path
    names: tuple[str, ...]
    deployer: str | None
    jobs_n: int
    resume: bool
    sample_n: int | None
    turn: int


@dataclass(frozen=True, slots=True)
class Ran:
    """The results by name, the names of the whole catalogue, and the record's folder."""

    results: tuple[Result, ...]
    names: tuple[str, ...]
    folder: Path
    app: str

    @property
    def whole_n(self) -> int:
        """How many releases the catalogue has."""
        return len(self.names)


def run_catalogue(asked: Asked, env: Mapping[str, str], watch: Watcher) -> Ran:
    """Gate what is asked for, and compare.

    Raises UsageError before anything is started, and KeyboardInterrupt through once every gate
    has stopped: what is done by then is kept.
    """
    plan = load_plan(asked.plan, env)
    entries = _chosen(asked, plan)
    names = tuple(names_of(plan))
    whole_n = len(names)
    plans = check_entries(plan, entries, env)
    shared = shared_bytes(plan)
    digests = {
        entry.name: fingerprint(entry, plans[entry.name], shared, asked.deployer)
        for entry in entries
    }
    gating = Gating(plan.path, asked.deployer, asked.jobs_n, catalogue_of(plan).timeout_s_max, env)
    with open_record(asked.runs, resume=asked.resume) as folder:
        watch(Progress(STAGE, f"{len(entries)} of {whole_n} releases, into {folder}"))
        results = _known(entries, folder, digests) if asked.resume else {}
        left = [entry for entry in entries if entry.name not in results]
        if results:
            watch(Progress(STAGE, f"done already: {len(results)}, left: {len(left)}"))

        def on_wait(names: Sequence[str]) -> None:
            text = f"{len(results)} of {len(entries)} done; gating {', '.join(names)}"
            watch(Progress(STAGE, text, len(results), len(entries), moving=True))

        for result in gate_all(left, gating, folder, on_wait):
            keep(result, digests[result.name])
            results[result.name] = result
            watch(Progress(STAGE, _line(result, len(results), len(entries))))
        ordered = tuple(results[entry.name] for entry in entries)
        turn = asked.turn if asked.sample_n is not None else None
        text = json.dumps(to_json(ordered, whole_n, turn), indent=2)
        write_whole(folder / "catalogue.json", text.encode("ascii") + b"\n")
    return Ran(ordered, names, folder, plan.app.name)


def _chosen(asked: Asked, plan: Plan) -> list[Entry]:
    """The releases to gate."""
    if asked.names and asked.sample_n is not None:
        raise UsageError("--sample chooses releases by itself; name some, or leave it out")
    entries = find_entries(plan, asked.names)
    if asked.names or asked.sample_n is None:
        return entries
    names = [entry.name for entry in entries]
    chosen = sample(names, asked.sample_n, asked.turn, catalogue_of(plan).always)
    return [entry for entry in entries if entry.name in chosen]


def _known(entries: list[Entry], folder: Path, digests: Mapping[str, str]) -> dict[str, Result]:
    found = (done_before(entry, folder / entry.name, digests[entry.name]) for entry in entries)
    return {result.name: result for result in found if result is not None}


def _line(result: Result, done_n: int, all_n: int) -> str:
    name, expected, said, *_ = cells(result)
    word = "right" if result.comparison.right else f"WRONG: {result.comparison.why}"
    took = f"{result.duration_s:.0f} s"
    return f"{done_n} of {all_n}: {name}: expected {expected}, said {said} after {took}; {word}"
