"""A load judged slice by slice, wherever there is a copy of its run, and put together again."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from harness import __version__
from harness.checks.course import faults_within
from harness.checks.excusing import excuse
from harness.checks.grounds import Grounds
from harness.checks.history import read_history
from harness.checks.load_owed import LoadRecord
from harness.checks.sentences import plural
from harness.checks.slices import write_slice
from harness.checks.volume import sift_slice
from harness.errors import EvidenceError, RecordUnreadable, UsageError
from harness.gate.recorded import clock_of_run, promised_loads, read_load, weigh_record
from harness.journal.reader import read_journal
from harness.promise import read_promise
from harness.runs import RunFolder
from harness.sieve.gathering import gathered

FOLDER = "slices"
SLICES_MAX = 1_024
_DIGEST_BYTES = 16
_NAME = re.compile(r"(?P<load>.+)-(?P<nth>\d+)-of-(?P<of>\d+)\.json")


@dataclass(frozen=True, slots=True)
class Slice:
    """The nth of so many equal parts of a load's keys; they count from 1."""

    nth: int
    of_n: int

    @classmethod
    def parse(cls, text: str) -> Slice:
        """The slice that ``NTH/OF`` names; raises UsageError."""
        nth, _, of_n = text.partition("/")
        if nth.isdecimal() and of_n.isdecimal() and 1 <= int(nth) <= int(of_n) <= SLICES_MAX:
            return cls(int(nth), int(of_n))
        raise UsageError(
            f"--partition {text!r} is no slice; write 2/8 for the second of eight, of at most "
            f"{SLICES_MAX}"
        )


def judge_slice(run: RunFolder, which: Slice) -> list[str]:
    """Judge one slice of each load of a run and keep what it found in the run's folder.

    Gives a sentence for each. Raises EvidenceError where a load cannot be read.
    """
    promise = read_promise(run.path / "plan.json")
    events = read_journal(run.journal)
    faults, forms = read_history(events).faults, promise.forms["candidate"]
    said = []
    for name in promised_loads(promise):
        record = read_load(run, name, clock_of_run(events))
        if record.final is None:
            what = "; ".join(record.unreadable) or "storage was not read after it"
            raise EvidenceError(f"nothing of the load {name} can be judged: {what}")
        with gathered(
            record.files, forms, record.before, record.final, slices_n=which.of_n
        ) as load:
            load.excuse = partial(excuse, faults=faults_within(load.told.volume.schedules, faults))
            slice_ = (which.nth - 1, which.of_n)
            sieve = sift_slice(load, forms, record.before, record.final, slice_)
        path = run.path / FOLDER / f"{name}-{which.nth}-of-{which.of_n}.json"
        write_slice(path, sieve, {**identity(run, promise.run, record), **_place(which)})
        odd_n = sum(kept.count for kept in sieve.suspects.values()) + sieve.changed.count
        said.append(
            f"slice {which.nth} of {which.of_n} of the load {name}: "
            f"{plural(sieve.sifted.verified_n, 'save')} verified, {plural(odd_n, 'record')} to "
            "look at"
        )
    if not said:
        raise UsageError(f"the run {run.id} promised no load, and nothing else has slices")
    return said


def identity(run: RunFolder, id_: str, record: LoadRecord) -> dict[str, object]:
    """What slices of a load are of: copies of a run say the same, and no other folder does.

    Its evidence is every byte that a slice is made from, and the version is whose law it was
    judged by. Raises RecordUnreadable.
    """
    reads = [read.path for read in (record.before, record.final) if read is not None]
    acts = [file.path for file in record.files]
    told = [run.path / "plan.json", *sorted(run.journal.glob("*.jsonl"))]
    return {
        "run": id_,
        "load": record.name,
        "version": __version__,
        "evidence": _digest_of([*told, *acts, *reads]),
    }


def _digest_of(paths: Sequence[Path]) -> str:
    whole = hashlib.blake2b(digest_size=_DIGEST_BYTES)
    for path in paths:
        try:
            with path.open("rb") as stream:
                each = hashlib.file_digest(stream, "blake2b").hexdigest()
        except OSError as error:
            raise RecordUnreadable(f"{path} cannot be read: {error}") from error
        whole.update(f"{path.name} {each}\n".encode())
    return whole.hexdigest()


def _place(which: Slice) -> dict[str, object]:
    return {"slice": [which.nth, which.of_n]}


def weigh_slices(runs: Sequence[RunFolder]) -> Grounds:
    """Every check on a run's record, with the slices of its loads that stand in these folders.

    All are copies of one run; without any slice the load is judged whole. Raises UsageError,
    RecordUnreadable.
    """
    run, *others = runs
    promise = read_promise(run.path / "plan.json")
    for other in others:
        theirs = read_promise(other.path / "plan.json").run
        if theirs != promise.run:
            raise UsageError(
                f"{other.path} is of the run {theirs}, and {run.path} of {promise.run}; only "
                "copies of one run are judged together"
            )
    found = dict(_found(runs))
    records = []
    events = read_journal(run.journal)
    for name in promised_loads(promise):
        record = read_load(run, name, clock_of_run(events))
        slices = {which: path for (load, which), path in found.items() if load == name}
        if slices:
            record = _sliced(record, slices, identity(run, promise.run, record))
        records.append(record)
    return weigh_record(run, promise, events, records)


def _found(runs: Sequence[RunFolder]) -> Iterator[tuple[tuple[str, Slice], Path]]:
    for run in runs:
        for path in sorted((run.path / FOLDER).glob("*.json")):
            match = _NAME.fullmatch(path.name)
            if match:
                yield (match["load"], Slice(int(match["nth"]), int(match["of"]))), path


def _sliced(
    record: LoadRecord, slices: Mapping[Slice, Path], of: Mapping[str, object]
) -> LoadRecord:
    """The record with its slices, and a sentence for each that is not there."""
    of_n = max(which.of_n for which in slices)
    wanted = [Slice(nth, of_n) for nth in range(1, of_n + 1)]
    missing = tuple(
        f"slice {which.nth} of {which.of_n} of the load {record.name} was not judged; "
        f"harness judge RUN --partition {which.nth}/{which.of_n} judges it"
        for which in wanted
        if which not in slices
    )
    there = tuple((slices[which], {**of, **_place(which)}) for which in wanted if which in slices)
    return replace(record, slices=there, missing=missing)
