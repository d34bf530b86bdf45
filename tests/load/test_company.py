"""The processes of a load among themselves, with a Locust that was never started."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from harness.drive.load_spec import BROKEN, spec_from_text
from harness.load import company
from harness.load.company import BEGIN, OVER, READY, Master, Worker, boot_id
from tests.load.test_journaling import spec_in


@dataclass
class Lines:
    """Locust's runner, master or worker, as far as messages go."""

    clients: dict[str, Any] = field(default_factory=dict)
    sent: list[tuple[str, Any]] = field(default_factory=list)
    listeners: dict[str, Callable[..., None]] = field(default_factory=dict)
    quits: list[str] = field(default_factory=list)
    user_count: int = 0
    environment: Any = field(
        default_factory=lambda: SimpleNamespace(
            parsed_options=SimpleNamespace(harness_load=""), process_exit_code=None, stop_timeout=5
        )
    )

    def register_message(self, kind: str, listener: Callable[..., None]) -> None:
        self.listeners[kind] = listener

    def send_message(self, kind: str, data: Any = None) -> None:
        self.sent.append((kind, data))

    def quit(self) -> None:
        self.quits.append("quit")

    def hear(self, kind: str, node: str = "", **data: Any) -> None:
        """A message of that kind, from that node."""
        self.clients.setdefault(node, SimpleNamespace(state="running"))
        msg = SimpleNamespace(node_id=node, data=data)
        self.listeners[kind](environment=self.environment, msg=msg)


def until(true: Callable[[], object]) -> None:
    end_s = time.monotonic() + 10
    while not true():
        assert time.monotonic() < end_s
        time.sleep(0.01)


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Lines:
    """A runner without anybody yet; masters look at it often."""
    monkeypatch.setattr(company, "WATCH_S", 0.02)
    return Lines()


def test_all_are_told_to_begin_once_the_last_is_ready(lines: Lines, tmp_path: Path) -> None:
    """Nobody begins while one is missing, and then all at one moment that is still to come."""
    Master(lines, spec_in(tmp_path, processes=2))
    lines.hear(READY, "a", name="one")
    assert [] == lines.sent
    lines.hear(READY, "b", name="two")
    ((kind, data),) = lines.sent

    assert BEGIN == kind
    assert data["at_s"] > time.monotonic()


def test_workers_are_given_the_whole_spec(lines: Lines, tmp_path: Path) -> None:
    """What a worker elsewhere drives comes from its master alone."""
    spec = spec_in(tmp_path, processes=2, journal_to="s3://bucket/run")
    Master(lines, spec)

    assert spec == spec_from_text(lines.environment.parsed_options.harness_load)


def test_it_is_over_when_all_are(lines: Lines, tmp_path: Path) -> None:
    """One that is over waits for the other; then the master ends, and not as broken."""
    Master(lines, spec_in(tmp_path, processes=2))
    for node in ("a", "b"):
        lines.hear(READY, node, name=node)
    lines.hear(OVER, "a")
    assert [] == lines.quits
    lines.hear(OVER, "b")
    until(lambda: lines.quits)

    assert lines.environment.process_exit_code is None


@pytest.mark.parametrize("how", ["missing", "gone"])
def test_one_that_leaves_early_ends_the_load(
    lines: Lines, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """A worker that stays silent, or has gone, before it was over breaks the load."""
    monkeypatch.setattr(company, "MISSING_S_MAX", 0.1)
    Master(lines, spec_in(tmp_path, processes=2))
    for node in ("a", "b"):
        lines.hear(READY, node, name=node)
    lines.hear(OVER, "a")
    del lines.clients["a"]
    if how == "gone":
        del lines.clients["b"]
    else:
        lines.clients["b"].state = "missing"
    until(lambda: lines.quits)

    assert BROKEN == lines.environment.process_exit_code


def test_one_that_is_missed_for_a_while_drives_on(lines: Lines, tmp_path: Path) -> None:
    """A host may be too busy for a word now and then."""
    Master(lines, spec_in(tmp_path, processes=2))
    for node in ("a", "b"):
        lines.hear(READY, node, name=node)
    lines.clients["b"].state = "missing"
    time.sleep(0.2)
    lines.clients["b"].state = "running"
    for node in ("a", "b"):
        lines.hear(OVER, node)
    until(lambda: lines.quits)

    assert lines.environment.process_exit_code is None


def test_two_of_one_name_are_refused(
    lines: Lines, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Two workers that go by one name are not told to begin."""
    Master(lines, spec_in(tmp_path, processes=2))
    lines.hear(READY, "a", name="one")
    lines.hear(READY, "b", name="one")
    until(lambda: lines.quits)

    assert BROKEN == lines.environment.process_exit_code
    assert [] == lines.sent
    assert "two workers of the load are called 'one'" in caplog.text


def test_one_whose_users_never_come_ends_the_load(
    lines: Lines, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A worker that does not become ready is not waited for without end."""
    monkeypatch.setattr(company, "READY_S_MAX", 0.1)
    Master(lines, spec_in(tmp_path, processes=2))
    lines.hear(READY, "a", name="one")
    until(lambda: lines.quits)

    assert BROKEN == lines.environment.process_exit_code
    assert "1 of 2 workers of the load had their users ready" in caplog.text


def test_a_worker_begins_by_the_clock_of_its_own_host(lines: Lines) -> None:
    """On the master's host the moment is exact; elsewhere it is as far ahead as it was there."""
    here, away = Worker(lines, "one", clock=lambda: 500.0), Worker(Lines(), "two", lambda: 500.0)
    assert here.begin() is None
    assert away.begin() is None
    assert [(READY, {"name": "one"})] == lines.sent
    lines.hear(BEGIN, boot=boot_id(), at_s=777.0, in_s=0.5)
    away.runner.hear(BEGIN, boot="another", at_s=777.0, in_s=0.5)

    assert (777.0, 500.5) == (here.begin(), away.begin())
    assert 1 == len(lines.sent)


def test_a_worker_is_over_once_its_users_are(lines: Lines) -> None:
    """Who is in the middle of a save finishes it before the master hears that this one is over."""
    lines.user_count = 1
    worker = Worker(lines, "one")
    ending = threading.Thread(target=worker.end)
    ending.start()
    time.sleep(0.2)
    assert [] == lines.sent
    lines.user_count = 0
    ending.join(5)

    assert [(OVER, None)] == lines.sent
