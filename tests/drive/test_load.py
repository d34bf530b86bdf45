"""Driving load: Locust as a child process, against an application of a few lines."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import psutil
import pytest

from harness.drive import load as driving
from harness.drive.load import LoadProgress, LoadResult, drive_load
from harness.drive.load_spec import LoadSpec, read_load_spec
from harness.errors import DriveFailed
from harness.journal.acts_files import find_acts
from harness.journal.schedule import Schedule
from harness.model import Field, Form, Leg
from tests.journal.reading import Journaled, read_volume
from tests.plugin.conftest import Folder
from tests.processes import runs

NOTE = Form("note", "main", ("id",), (Field("text", "text"),))
HEAD = """
    import itertools, json
    from locust import FastHttpUser, task
    from harness.load import Journal, told
    numbers = itertools.count()
"""
WRITER = (
    HEAD
    + """
    class Writer(FastHttpUser):
        def on_start(self):
            self.journal = Journal(self)
        @task
        def write(self):
            note = self.journal.record("note", key=next(numbers))
            with note.save(text="plain") as save:
                answer = self.client.put("/PATH", json=dict(save.values))
                told(save, answer.status_code, "PUT /PATH")
"""
)


class _Application(BaseHTTPRequestHandler):
    """Answers 204; /refuse answers 500, and /hang the third request and on only when it is over."""

    protocol_version = "HTTP/1.1"
    over = threading.Event()
    seen: ClassVar[Counter[str]] = Counter()

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        type(self).seen[self.path] += 1
        if self.path == "/hang" and self.seen[self.path] > 2:
            type(self).over.wait(30)
        self.send_response(500 if self.path == "/refuse" else 204)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def url() -> Iterator[str]:
    """The address of the application."""
    _Application.over.clear()
    _Application.seen.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), _Application) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        _Application.over.set()
        server.shutdown()


@pytest.fixture
def run(tmp_path: Path) -> Folder:
    """The folder of the run."""
    (tmp_path / "run" / "logs").mkdir(parents=True)
    return Folder(tmp_path / "run")


def spec_of(folder: Path, url: str, text: str, **changes: Any) -> LoadSpec:
    file = folder / "load.py"
    file.write_text(textwrap.dedent(text), encoding="utf-8")
    journal = folder / "journal"
    journal.mkdir(exist_ok=True)
    given: dict[str, Any] = {
        "run": "ab12", "url": url, "file": file, "root": folder, "journal": journal,
        "files": folder, "forms": {"note": NOTE}, "rate": 40.0,
        "legs": (Leg(1.0, 0.2), Leg(1.0, changes.pop("hold_s", 1.0))), "users": 4,
    }  # fmt: skip
    return LoadSpec(**{**given, **changes})


def load(
    folder: Path, run: Folder, url: str, text: str, **changes: Any
) -> tuple[LoadResult, Journaled]:
    spec = spec_of(folder, url, text, **changes)
    return drive_load(spec, run), read_volume(spec.journal)


def test_a_load_is_journaled_and_ends_within_its_time(
    tmp_path: Path, run: Folder, url: str
) -> None:
    """Every save of the schedule was sent and acknowledged, and the generator was measured."""
    told: list[LoadProgress] = []
    spec = spec_of(tmp_path, url, WRITER.replace("PATH", "note"), hold_s=2.0)
    result = drive_load(spec, run, on_progress=told.append)
    volume = read_volume(spec.journal)
    saves = list(volume.saves)

    assert (0, "") == (result.exit_code, result.trouble)
    assert ["acknowledged"] * 84 == [save.state for save in saves]
    assert {"/note": 84} == dict(_Application.seen)
    assert 84 == len({save.due_s for save in saves})
    assert all(save.due_s is not None and save.began_s >= save.due_s for save in saves)
    assert (84, 84) == (result.progress.saves_n, result.progress.acknowledged_n)
    assert told[-1].acknowledged_n >= told[0].acknowledged_n
    assert result.generator_busy is not None
    assert 0 < result.generator_busy < 1
    assert result.seconds < 20
    assert "PUT" in result.log.read_text(encoding="utf-8")
    assert [True] == [file.closed for file in find_acts(spec.journal)]


def test_refusals_are_a_result(tmp_path: Path, run: Folder, url: str) -> None:
    """An application that answers 500 has been driven: what it did is for others to judge."""
    held = url.replace("//", "//ada:word@")
    result, volume = load(tmp_path, run, held, WRITER.replace("PATH", "refuse"))
    spec = read_load_spec(run.logs / "load.json")

    assert (url, spec.run) == (spec.url, "ab12")
    assert (1, "") == (result.exit_code, result.trouble)
    assert {"refused"} == {save.state for save in volume.saves}
    assert 0 == result.progress.acknowledged_n


def test_an_exception_of_a_task_is_named(tmp_path: Path, run: Folder, url: str) -> None:
    """What a task raises within a save leaves it unknown, and is told with how often."""
    text = WRITER.replace("PATH", "note").replace("told(", "{}['id'] or told(")
    result, volume = load(tmp_path, run, url, text, rate=10.0)

    assert 1 == result.exit_code
    assert "KeyError: 'id' (11 times)" == result.trouble
    assert {("unknown", "KeyError: 'id'")} == {(save.state, save.told) for save in volume.saves}


def test_a_save_cut_at_the_end_is_unknown(
    tmp_path: Path, run: Folder, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Requests that nobody answers in time are cut, and their saves are unknown, not lost."""
    monkeypatch.setattr(driving, "ANSWER_S_MAX", 1.0)
    monkeypatch.setattr(driving, "STARTING_S_MAX", 3.0)
    monkeypatch.setattr(driving, "ENDING_S_MAX", 0.0)
    _, volume = load(tmp_path, run, url, WRITER.replace("PATH", "hang"))

    assert {"acknowledged": 2, "unknown": 4} == Counter(save.state for save in volume.saves)
    assert all(save.ended_s is not None for save in volume.saves)


def test_no_application_is_no_answer(tmp_path: Path, run: Folder) -> None:
    """Where nobody listens every save is unknown, and the load ends all the same."""
    result, volume = load(tmp_path, run, "http://127.0.0.1:9", WRITER.replace("PATH", "note"))

    assert 44 == result.progress.saves_n
    assert {("unknown", "PUT /note: no answer")} == {(s.state, s.told) for s in volume.saves}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("import nowhere_to_be_found\n", "nowhere_to_be_found"),
        ("x = 1\n", "No User class found"),
        (
            HEAD + "    class Idle(FastHttpUser):\n        @task\n        def rest(self):\n"
            "            self.environment.runner.quit()\n",
            r"the load file journaled no save: its users do not save through harness\.load: give",
        ),
    ],
    ids=["does not import", "has no user", "journals nothing"],
)
def test_a_load_file_that_drives_nothing_is_an_error(
    tmp_path: Path, run: Folder, text: str, words: str
) -> None:
    """Locust ends with 0 or 1 where nothing was asked at all; here that is never a result."""
    with pytest.raises(DriveFailed, match=words):
        load(tmp_path, run, "http://127.0.0.1:9", text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "        def on_start(self):\n            raise KeyError('a word')\n",
            "journaled no save: Locust ended with 1: .*KeyError: 'a word'",
        ),
        (
            "        @task\n        def write(self):\n            Journal(self).record('nots')\n",
            "journaled no save: it raised ScenarioError: no form is called 'nots', the nearest is",
        ),
        ("        wait = 1\n", "journaled no save: .*No tasks defined on Writer"),
    ],
    ids=["raises at its start", "names no form", "has no task"],
)
def test_what_ended_every_user_is_told(
    tmp_path: Path, run: Folder, monkeypatch: pytest.MonkeyPatch, text: str, words: str
) -> None:
    """Of a load without a save its reason is told, and not the tables that Locust ends with."""
    monkeypatch.setattr(driving, "STARTING_S_MAX", 1.0)
    monkeypatch.setattr(driving, "ENDING_S_MAX", 1.0)
    with pytest.raises(DriveFailed, match=f"(?s)the load file {words}") as caught:
        load(tmp_path, run, "http://127.0.0.1:9", f"{HEAD}    class Writer(FastHttpUser):\n{text}")

    assert "Aggregated" in (run.logs / "load.log").read_text("utf-8")
    assert "Aggregated" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "        def on_start(self):\n            raise KeyError('a word')\n",
            "KeyError: 'a word'",
        ),
        (
            "        @task\n        def write(self):\n            Journal(self).record('nots')\n",
            "ScenarioError: no form is called 'nots', the nearest is",
        ),
    ],
    ids=["at its start", "ahead of each save"],
)
def test_users_that_only_raise_are_not_waited_for(
    tmp_path: Path, run: Folder, monkeypatch: pytest.MonkeyPatch, text: str, words: str
) -> None:
    """However long the load is to last, it ends soon where no user comes to a save."""
    monkeypatch.setattr(driving, "RAISING_S_MAX", 2.0)
    text = f"{HEAD}    class Writer(FastHttpUser):\n{text}"
    spec = spec_of(tmp_path, "http://127.0.0.1:9", text, hold_s=3_600.0)
    began_s = time.monotonic()
    with pytest.raises(DriveFailed, match=f"(?s)no save within 2 s after it raised .*{words}"):
        drive_load(spec, run)

    assert time.monotonic() - began_s < 30.0


def test_locusts_own_environment_changes_nothing(
    tmp_path: Path, run: Folder, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Settings of Locust that stand in the environment do not thin the load."""
    monkeypatch.setenv("LOCUST_EXCLUDE_TAGS", "x")
    monkeypatch.setenv("LOCUST_MODE_MASTER", "1")
    result, _ = load(tmp_path, run, url, WRITER.replace("PATH", "note"), hold_s=0.2)

    assert 12 == result.progress.acknowledged_n


def test_past_its_limit_nothing_of_it_survives(tmp_path: Path, run: Folder, url: str) -> None:
    """A load that takes too long is ended with all that it started, and said to be too long."""
    text = "import subprocess\nfrom pathlib import Path\n"
    text += "child = subprocess.Popen(['sleep', '60'], start_new_session=True)\n"
    text += "Path('child').write_text(str(child.pid))\n"
    text = textwrap.dedent(WRITER.replace("PATH", "note")) + text
    with pytest.raises(DriveFailed, match="the users of the load took longer than 10 s"):
        drive_load(spec_of(tmp_path, url, text, hold_s=60.0), run, timeout_s_max=10)

    assert not runs(int((tmp_path / "child").read_text()))


def test_an_interrupt_of_the_gate_ends_the_load(tmp_path: Path, url: str) -> None:
    """Ctrl-C while the load is driven leaves no process of it behind."""
    (tmp_path / "run" / "logs").mkdir(parents=True)
    write_gate(tmp_path, url)
    gate = subprocess.Popen([sys.executable, "gate.py"], cwd=tmp_path, start_new_session=True)
    try:
        await_acts(tmp_path / "journal")
        family = psutil.Process(gate.pid).children(recursive=True)
        assert family
        os.kill(gate.pid, signal.SIGINT)
        gate.wait(20)
    finally:
        gate.kill()

    assert [] == [member.pid for member in family if member.is_running()]


def write_gate(folder: Path, url: str) -> None:
    spec = spec_of(folder, url, WRITER.replace("PATH", "note"), hold_s=60.0)
    (folder / "gate.py").write_text(
        textwrap.dedent(f"""
        import sys; sys.path.insert(0, {str(Path(__file__).parents[2])!r})
        from pathlib import Path
        from tests.drive.test_load import WRITER, drive_load, spec_of
        from tests.plugin.conftest import Folder
        folder = Path({str(folder)!r})
        text = WRITER.replace("PATH", "note")
        drive_load(spec_of(folder, {spec.url!r}, text, hold_s=60.0), Folder(folder / "run"))
        """),
        encoding="utf-8",
    )


def await_acts(journal: Path) -> None:
    end_s = time.monotonic() + 20
    while time.monotonic() < end_s:
        if any(b"\na " in path.read_bytes() for path in journal.glob("load-*.acts")):
            return
        time.sleep(0.05)
    raise AssertionError("no save was acknowledged within 20 s")


def test_the_generator_is_as_busy_as_it_was_at_the_peak(monkeypatch: pytest.MonkeyPatch) -> None:
    """What it rests between two times at the peak is no relief of it, nor what it does there."""
    spikes = Schedule(100.0, 40.0, (Leg(1.0, 0.0), Leg(1.0, 4.0), Leg(0.0, 6.0), Leg(1.0, 0.0),
                                    Leg(1.0, 4.0)))  # fmt: skip
    clock = {"now_s": 0.0}
    busy = driving.Busy()
    monkeypatch.setattr("harness.drive.load.time.monotonic", lambda: clock["now_s"])
    monkeypatch.setattr(driving, "_family_busy_s", lambda _: {7: spent_s(clock["now_s"]), 8: 1.0})
    busy.sample(7, None)
    assert busy.share is None
    for second in range(99, 117):
        clock["now_s"] = float(second)
        busy.sample(7, spikes)

    assert 0.9 == busy.share


def spent_s(at_s: float) -> float:
    """Nine tenths of each second at the peak, and none of any other."""
    return 0.9 * (min(max(at_s - 100.0, 0.0), 4.0) + min(max(at_s - 110.0, 0.0), 4.0))


def test_the_pages_load_file_drives(tmp_path: Path, run: Folder, url: str) -> None:
    """What the page on load shows is a load file, and saves a new record each time."""
    page = Path(__file__).parents[2] / "docs" / "load.md"
    text = page.read_text(encoding="utf-8").partition("```python\n")[2].partition("```")[0]
    result, volume = load(tmp_path, run, url, text, hold_s=0.2)

    assert ("", 12) == (result.trouble, result.progress.acknowledged_n)
    assert 12 == len({record.key for record in volume.records.values() if record.saves})
