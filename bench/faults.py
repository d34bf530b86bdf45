"""How often a good release is blamed for what the harness itself does to it."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from harness.checks.across import RESTART
from harness.deploy.choose import deployer_for
from harness.errors import DriveFailed, EvidenceError
from harness.gate.across.fleet import Fleet
from harness.gate.across.stages import Across
from harness.gate.asked import Asked, Progress
from harness.gate.promising import make_promise
from harness.gate.stages import deploy_candidate, drive_all
from harness.gate.telling import stage
from harness.gate.work import Work
from harness.journal.writer import JournalWriter
from harness.judge import Grounds
from harness.model import Severity
from harness.plan import load_plan
from harness.runs import create_run

RELEASE = "1.1.0"
PLAN = Path(__file__).parent.parent / "harness.toml"
# Texts that are saved once, in several saves, by the page itself, with documents, and by a worker.
CASES = (
    "::test_spelling_is_kept",
    "test_consultation_then_share*documents_shared=1*session=fresh*",
    "test_come_back_to_a_note",
    "test_share_reaches_recipients",
    "test_type_on_while",
)
# One for each fault, and one more.
CASES_N = 8


def blames(repetitions_n: int) -> Iterator[float]:
    """How many saves a good release is blamed for, each time that every fault came at least once.

    Raises DriveFailed where a fault never came, or nothing was acknowledged: nothing was measured.
    """
    seen: Counter[str] = Counter()
    known: set[str] = set()
    with _deployed() as work:
        fleet = Fleet(work)
        stages = Across(fleet)
        for _ in range(repetitions_n):
            try:
                with stage(RESTART, work.journal, work.watch):
                    skipped = stages.restart(work)
            except EvidenceError as error:
                raise DriveFailed(f"the faults did not all come: {error}") from error
            grounds = work.weigh()
            if skipped or RESTART in grounds.across.why:
                raise DriveFailed(f"nothing was measured{skipped or grounds.across.why[RESTART]}")
            found = blamed(grounds) - known
            known |= found
            came = came_by(grounds)
            told = ", ".join(f"{name} {n}" for name, n in sorted((came - seen).items()))
            seen = came
            print(f"faults: {told}", flush=True)
            for finding in grounds.across.findings if found else ():
                print(f"faults: {finding.form}: {finding.fields} {finding.anomaly}", end=", ")
                print(finding.trigger.text, flush=True)
            yield float(len(found))


def blamed(grounds: Grounds) -> set[str]:
    """The saves under faults that would block, or that nobody could judge."""
    return {
        symptom.save or symptom.trial
        for symptoms in grounds.across.symptoms.values()
        for symptom in symptoms
        if symptom.severity is not Severity.WARN
    }


def came_by(grounds: Grounds) -> Counter[str]:
    """How often each fault came by now."""
    trials = grounds.history.trials.values()
    faults = [
        *grounds.history.faults,
        *(f for t in trials if t.began.round == RESTART for f in t.faults),
    ]
    return Counter(fault.name for fault in faults)


@contextmanager
def _deployed() -> Iterator[Work]:
    """The release with what its cases do by themselves, from which those under faults are taken."""
    with TemporaryDirectory(prefix="bench-") as folder, ExitStack() as stack:
        asked = Asked(
            RELEASE,
            PLAN,
            Path(folder),
            baseline=RELEASE,
            deployer="process",
            only=CASES,
            stages=(RESTART,),
        )
        plan = load_plan(PLAN, os.environ)
        run = stack.enter_context(create_run(asked.runs))
        deployer = deployer_for(plan, run, asked.deployer, os.environ, [RELEASE])
        promised = make_promise(asked, plan, run, deployer)
        stages = {**promised.promise.stages, RESTART: CASES_N}
        promised = replace(promised, promise=replace(promised.promise, stages=stages))
        journal = stack.enter_context(JournalWriter(run.journal, "gate"))
        work = Work(asked, plan, run, promised, deployer, journal, stack, _unheard)
        deploy_candidate(work)
        drive_all(work)
        yield work


def _unheard(_: Progress) -> None:
    """Nobody watches a bench."""
