"""What a load file sees of the harness, with a user that Locust never made."""

from __future__ import annotations

import itertools
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from harness.drive.load_spec import (
    VARIABLE,
    LoadSpec,
    default_users,
    read_load_spec,
    write_load_spec,
)
from harness.errors import PlanError, RecordUnreadable
from harness.load import Journal, journaling, told
from harness.model import Contract, Field, Form, Leg
from harness.values import find_traces, trial_number
from tests.journal.reading import read_volume
from tests.plan.writing import write

NOTE = Form("note", "main", ("id",), (Field("text", "body", contract=Contract(trim=True)),))


def spec_in(folder: Path, **changes: Any) -> LoadSpec:
    """A load of one user, 20 saves/s for half a second, without a rise."""
    given: dict[str, Any] = {
        "run": "ab12", "url": "http://127.0.0.1:1", "file": folder / "load.py", "root": folder,
        "journal": folder, "files": folder, "forms": {"note": NOTE}, "rate": 20.0,
        "legs": (Leg(1.0, 0.0), Leg(1.0, 0.5)), "users": 1,
    }  # fmt: skip
    return LoadSpec(**{**given, **changes})


@dataclass
class Runner:
    """Locust's runner, as far as a user can end it."""

    quits: list[str] = field(default_factory=list)

    def quit(self) -> None:
        self.quits.append("quit")


def fake_user() -> Any:
    heard: list[Any] = []
    events = SimpleNamespace(user_error=SimpleNamespace(add_listener=heard.append, heard=heard))
    return SimpleNamespace(environment=SimpleNamespace(events=events, runner=Runner()))


@pytest.fixture(autouse=True)
def fresh_process() -> Iterator[None]:
    """Each test is a process of its own."""
    journaling._processes.cache_clear()
    yield
    journaling._processes.cache_clear()


@pytest.fixture
def driven(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose load the environment names."""
    write_load_spec(tmp_path / "load.json", spec_in(tmp_path))
    monkeypatch.setenv(VARIABLE, str(tmp_path / "load.json"))
    return tmp_path


def save_until_over(user: Any, *statuses: int) -> None:
    """Save new notes, each answered by the next status, until the load is over."""
    journal = Journal(user)

    def work() -> None:
        for number in itertools.count():
            with journal.record("note", key=number).save(text="plain") as save:
                assert find_traces(str(save.text))
                told(save, statuses[number % len(statuses)], "PUT /note")

    with pytest.raises(journaling.Over):
        work()


def test_the_status_of_the_answer_ends_a_save(driven: Path) -> None:
    """2xx acknowledges, 0 leaves unknown and everything else refuses, each with its request."""
    save_until_over(fake_user(), 204, 0, 500, 302)

    saves = list(read_volume(driven).saves)
    assert 10 == len(saves)
    assert [
        ("acknowledged", "PUT /note 204"),
        ("unknown", "PUT /note: no answer"),
        ("refused", "PUT /note 500"),
        ("refused", "PUT /note 302"),
    ] == [(save.state, save.told) for save in saves[:4]]


def test_the_load_ends_once_and_leaves_no_open_save(driven: Path) -> None:
    """After the last moment each user ends, the runner is told once, and nothing hangs open."""
    user = fake_user()
    save_until_over(user, 200)
    with pytest.raises(journaling.Over):
        Journal(user).record("note", key="late").save(text="plain").__enter__()
    end_s = time.monotonic() + 5
    while not user.environment.runner.quits and time.monotonic() < end_s:
        time.sleep(0.01)

    assert ["quit"] == user.environment.runner.quits
    assert all(save.ended_s is not None for save in read_volume(driven).saves)


def test_users_are_told_apart(driven: Path) -> None:
    """Each user has a trial and a number, and takes others before it has too many records."""
    user = fake_user()
    one, two = Journal(user), Journal(user)
    records = [one.record("note", key=n) for n in range(journaling.RECORDS_MAX + 1)]
    records.append(two.record("note", key="x"))

    assert {"load/0/1", "load/1/1", "load/2/1"} == {record.trial.id for record in records}
    assert {trial_number("load", n, 1) for n in range(3)} == {r.trial.number for r in records}
    assert len(records) == len({record.id for record in records})


def test_what_a_load_file_raises_is_journaled(driven: Path) -> None:
    """An exception of a task is counted by its first line, once for each time."""
    user = fake_user()
    Journal(user)
    Journal(user)
    (raised,) = user.environment.events.user_error.heard
    for _ in range(2):
        raised(user_instance=user, exception=KeyError("id\nx"), tb=None)

    assert {"KeyError: 'id\\nx'": 2} == read_volume(driven).troubles


def test_what_a_load_file_raises_is_journaled_without_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither who may use an address nor what the environment hides is told, cut or whole."""
    write_load_spec(tmp_path / "load.json", spec_in(tmp_path, hidden=("TOKEN", "DSN", "NONE")))
    monkeypatch.setenv(VARIABLE, str(tmp_path / "load.json"))
    monkeypatch.setenv("TOKEN", "s3cr3t-token")
    monkeypatch.setenv("DSN", "postgresql://eve:hush-hush@db/x")
    monkeypatch.delenv("NONE", raising=False)
    user = fake_user()
    journal = Journal(user)
    (raised,) = user.environment.events.user_error.heard
    said = "http://ada:word@h/x said s3cr3t-token and hush-hush"
    raised(user_instance=user, exception=OSError(said), tb=None)
    raised(user_instance=user, exception=OSError(said.rjust(200, "-")), tb=None)
    with pytest.raises(OSError, match="ada"), journal.record("note", key=1).save(text="plain"):
        raise OSError(said)
    with journal.record("note", key=2).save(text="plain") as save:
        save.refused(f"500 {said}")
    volume = read_volume(tmp_path)
    troubles = list(volume.troubles)

    assert "OSError: http://h/x said *** and ***" == troubles[0]
    assert [troubles[0], troubles[0].replace("OSError:", "500")] == [s.told for s in volume.saves]
    assert not any(word in troubles[1] for word in ("ada", "word", "s3cr", "hush"))


def test_the_author_tries_it_without_a_gate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a gate the same calls work at any pace, by the nearest plan, and nothing is kept."""
    write(tmp_path)
    (tmp_path / "inner").mkdir()
    monkeypatch.chdir(tmp_path / "inner")
    monkeypatch.delenv(VARIABLE, raising=False)
    journal = Journal(fake_user())
    began_s = time.monotonic()
    for number in range(200):
        with journal.record("note", key=number).save(text="plain") as save:
            assert save.text
            assert told(save, 201, "PUT /note")

    assert time.monotonic() - began_s < 2
    assert ["harness.toml", "inner"] == sorted(path.name for path in tmp_path.iterdir())
    assert ["note"] == list(journal.forms)


def test_without_a_plan_the_author_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A load file needs a plan for its forms, and says where none was found."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(VARIABLE, raising=False)

    with pytest.raises(PlanError, match=r"no harness\.toml in .* or above it"):
        Journal()


def test_a_spec_comes_back_as_it_was(tmp_path: Path) -> None:
    """What the gate writes is what the load file reads, and another schema is refused."""
    path = tmp_path / "load.json"
    spec = spec_in(tmp_path)
    write_load_spec(path, spec)

    assert spec == read_load_spec(path)
    path.write_text('{"schema": "other/1"}', encoding="ascii")
    with pytest.raises(RecordUnreadable, match=r"harness\.load-spec/2"):
        read_load_spec(path)


def test_the_users_follow_the_rate() -> None:
    """Where a save takes a quarter of a second, so many users hold the rate."""
    assert (20, 125) == (default_users(10), default_users(500))


def test_importing_it_loads_nothing_that_locust_has_to_replace() -> None:
    """Locust patches the interpreter: what it must come before is not there, and no browser."""
    told_names = "ssl", "locust", "gevent", "pytest", "playwright", "requests", "urllib3"
    code = f"import sys, harness.load; print([n for n in {told_names} if n in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )

    assert "[]" == done.stdout.strip()
