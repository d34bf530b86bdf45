"""Each test is a trial: begun, ended, and its outcome told apart from the release's faults."""

from __future__ import annotations

import faulthandler
import os
import threading
from collections.abc import Generator
from typing import Any

import pytest

from harness.drive.spec import Spec
from harness.errors import EnvironmentBroken, ScenarioError
from harness.journal import events as ev
from harness.journal.handles import Trial
from harness.model import Case, Phase, Probe
from harness.plugin import collection, evidence
from harness.plugin import session as sessions
from harness.plugin.line import Line
from harness.plugin.pages import Pages
from harness.plugin.requests import HOST
from harness.plugin.signing import sign_in_shown
from harness.values import trial_number

MESSAGE_CHARS_MAX = 600
# What Playwright says when the browser itself, or the way to it, is gone.
_GONE = (
    "target crashed",
    "browser has been closed",
    "browser closed",
    "connection closed",
    "executable doesn't exist",
    "page crashed",
    "target page, context or browser has been closed",
)


class Running:
    """The trial of the test that is running: its handle, its pages and how it went so far."""

    def __init__(self, session: sessions.Session, case: Case, probe: Probe | None = None) -> None:
        spec = session.spec
        self.case = case
        self.probe = probe
        self.phase = spec.phases.get(case.id, Phase(spec.round))
        worker = sessions.address_of(session.worker, spec)
        self.id = f"{spec.role}/{case.number}/{spec.attempt}"
        self.spec = spec
        self.writer = session.writer
        self.line = Line(spec.line, worker, self.id, self.phase) if spec.line else None
        self.pages = Pages(self.id, spec, session.writer, self.line)
        self.trial = Trial(
            session.writer,
            id=self.id,
            run=spec.run,
            number=trial_number(spec.role, case.number, spec.attempt),
            forms=spec.forms,
            files=spec.files,
            surface=self.pages,
        )
        self.outcome: ev.Outcome = "completed"
        self.message = ""
        self.told = ""
        self.evidence: list[str] = []
        self.ended = False
        self.began_s = 0.0

    def began(self) -> None:
        """Journal the beginning."""
        self.began_s = self.writer.write(
            ev.TrialBegan(
                trial=self.id,
                case=self.case.id,
                number=self.case.number,
                role=self.spec.role,
                attempt=self.spec.attempt,
                round=self.phase.stage,
                levels={**self.case.levels, **self.phase.levels},
                probe=self.probe.name if self.probe else "",
            )
        )
        self.tell("began")

    def tell(self, moment: str) -> None:
        """Tell the gate, where one listens; a trial that it does not hear proves nothing."""
        if self.line is None:
            return
        try:
            self.line.tell(moment)
        except EnvironmentBroken as error:
            self.outcome, self.message = "environment", str(error)

    def end(self) -> None:
        """Journal the end, once; what the browser says from now on belongs to no trial."""
        if self.ended:
            return
        self.ended = True
        self.pages.forget()
        if self.outcome == "completed" and self.pages.host_trouble:
            # Whatever it shows, it is not what the release does by itself: it is run again.
            self.outcome, self.message = "environment", self.pages.host_trouble
        self.writer.write(
            ev.TrialEnded(
                trial=self.id,
                outcome=self.outcome,
                message=self.message[:MESSAGE_CHARS_MAX],
                told=self.told,
                evidence=tuple(self.evidence),
            )
        )
        self.tell("ended")

    def failed(self, error: BaseException, account: str) -> None:
        """Take the first error of the trial: what it makes of it, and what is left of its pages."""
        if self.outcome != "completed":
            return
        self.outcome = outcome_of(error)
        self.message = evidence.short(error)
        self.evidence.append(evidence.keep_text(self.spec, self.id, "traceback.txt", account))
        if self.outcome == "broken":
            # Pages that are asked also give the browser the time to say that one has crashed.
            self.told = self.pages.complaints(self._since_s())
            self.outcome = "told" if self.told else "broken"
            where = sign_in_shown(self.pages.open_pages)
            if where and where not in self.message:
                self.message = f"{where} {self.message}"
        if self.outcome in ("broken", "told") and self.pages.host_trouble:
            self.outcome, self.told = "environment", ""
            self.message = f"{self.pages.host_trouble}; {self.message}"
        if self.outcome != "environment":
            self.evidence += evidence.screenshots(self.spec, self.id, self.pages.open_pages)

    def _since_s(self) -> float:
        """When the last save began, or else the trial: what was said earlier is no answer to it."""
        saves = [save for record in self.trial.records for save in record.saves]
        return max((save.began_s for save in saves), default=self.began_s)


RUNNING = pytest.StashKey[Running]()


class Trials:
    """The hooks around each test of a round."""

    def __init__(self, session: sessions.Session) -> None:
        self.round = session

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Begin the trial, run the test, end the trial, whatever happens in between."""
        case, probe = collection.case_of(item, self.round), collection.probe_of(item)
        running = Running(self.round, case, probe)
        item.stash[RUNNING] = running
        running.began()
        self.round.calls.trial = running.id
        watchdog = _watchdog(running, self.round.spec, item.config)
        try:
            return (yield)
        finally:
            if watchdog is not None:
                watchdog.cancel()
            running.end()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        """After a journey that completed, ask the readers what they are shown."""
        result = yield
        running = item.stash[RUNNING]
        running.pages.raise_trouble()
        reading = _reading(item, running)
        if reading is not None:
            reading.read(running.trial.records)
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Take the outcome of a phase while the pages are still open."""
        report = yield
        running = item.stash[RUNNING]
        if report.skipped and running.outcome == "completed":
            running.outcome = "skipped"
            running.message = str(call.excinfo.value if call.excinfo else report.longrepr)
        elif report.failed and call.excinfo is not None:
            running.failed(call.excinfo.value, str(report.longrepr))
        elif report.failed and running.outcome == "completed":
            running.outcome, running.message = "skipped", str(report.longrepr)
        return report


def outcome_of(error: BaseException) -> ev.Outcome:
    """What an error makes of a trial, before anybody asked what the page says."""
    if isinstance(error, BaseExceptionGroup):
        return outcome_of(error.exceptions[0])
    if isinstance(error, ScenarioError):
        return "misused"
    if isinstance(error, EnvironmentBroken):
        return "environment"
    if type(error).__name__ == "TargetClosedError":
        return "environment"
    from playwright.sync_api import Error as PlaywrightError

    text = str(error).lower()
    if isinstance(error, PlaywrightError) and any(words in text for words in (*_GONE, *HOST)):
        return "environment"
    return "broken"


def _reading(item: pytest.Item, running: Running) -> Any:
    """What reads back, where a record of this trial has a reader; else None, and no browser."""
    from harness.plugin import readers

    if not running.spec.readers or not readers.wanted(running.trial.records):
        return None
    request = getattr(item, "_request", None)
    return request.getfixturevalue("_reading") if request is not None else None


def _watchdog(running: Running, spec: Spec, config: pytest.Config) -> threading.Timer | None:
    """A limit for one trial that no hung page escapes: it ends the worker, which xdist replaces."""
    if spec.case_timeout_s_max is None or not hasattr(config, "workerinput"):
        return None
    timer = threading.Timer(spec.case_timeout_s_max, _give_up, [running, spec])
    timer.daemon = True
    timer.start()
    return timer


def _give_up(running: Running, spec: Spec) -> None:
    path = evidence.path_of(spec, running.id, "traceback.txt")
    with path.open("w", encoding="utf-8") as stream:
        faulthandler.dump_traceback(stream, all_threads=True)
    running.outcome = "broken"
    running.message = f"it took longer than {spec.case_timeout_s_max:g} s, and was given up"
    running.evidence.append(evidence.relative(spec, path))
    running.end()
    # Nothing less ends a page that never answers: every call to the browser waits for it.
    os._exit(70)
