"""A gate of one release; everything it learns goes into the run folder."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from harness.browser import find_browser
from harness.deploy.choose import deployer_for
from harness.deploy.leftovers import clean_leftovers
from harness.deploy.releases import check_release_known
from harness.errors import EvidenceError, UsageError
from harness.exhibits import Account
from harness.gate.asked import Asked, Progress, Watcher
from harness.gate.load_promised import check_stages
from harness.gate.promising import make_promise
from harness.gate.settling import settle
from harness.gate.stages import VITAL, stages
from harness.gate.telling import stage
from harness.gate.work import Work
from harness.journal import events as ev
from harness.journal.writer import JournalWriter
from harness.plan import load_plan, scrub
from harness.promise import promise_to_json
from harness.runs import create_run
from harness.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Outcome:
    """The account of a run, its verdict within, and the run's folder."""

    account: Account
    run: Path

    @property
    def verdict(self) -> Verdict:
        """The answer."""
        return self.account.verdict


def gate(asked: Asked, env: Mapping[str, str], watch: Watcher) -> Outcome:
    """Gate one release; whatever happens once the run began, its folder says so.

    Raises UsageError (nothing was started, no run is left), and KeyboardInterrupt through:
    the journal stays readable, and nothing that was started survives.
    """
    plan = load_plan(asked.plan, env, asked.merge)
    plan.check_files()
    check_stages(asked, plan)
    names = [name for name in (asked.candidate, asked.baseline) if name]
    for name in names:
        check_release_known(plan, name)
    for sentence in clean_leftovers(env):
        watch(Progress("start", sentence))
    browser = find_browser(env)
    with create_run(asked.runs) as run:
        try:
            deployer = deployer_for(plan, run, asked.deployer, env, names)
            if deployer.notice:
                watch(Progress("start", deployer.notice))
            watch(Progress("start", f"browser: {browser.name}"))
            promised = make_promise(asked, plan, run, deployer)
        except UsageError:
            shutil.rmtree(run.path, ignore_errors=True)
            raise
        run.write_json("plan.json", promise_to_json(promised.promise))
        with JournalWriter(run.journal, "gate") as journal, ExitStack() as stack:
            _go_through(Work(asked, plan, run, promised, deployer, journal, stack, watch))
            journal.write(ev.Closed())
        return Outcome(
            settle(run, promised.promise, lambda text: scrub(text, plan.secrets)), run.path
        )


def _go_through(work: Work) -> None:
    """Every stage; what breaks the environment is journaled, and the rest is left."""
    for name, act in stages(work):
        with stage(name, work.journal, work.watch) as state:
            try:
                state.skipped = act(work)
            except EvidenceError as error:
                work.trouble(name, error, "inconclusive")
                state.failed = True
        if state.failed and name in VITAL:
            return
