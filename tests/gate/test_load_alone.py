"""A load by itself, whole: from one host, and by workers that find their master by its address."""

import json
import os
import signal
import socket
import time
from contextlib import ExitStack, suppress
from pathlib import Path

import psutil
import pytest

from harness.journal.events import LoadEnded
from harness.journal.reader import read_journal
from tests.gate.test_load import HOLD_S, RATE, loaded
from tests.notebook.gating import Called, Calling, calling, harness

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("e2e")]
RAISES = """

def raises(user):
    raise KeyError("a word of the load file")


Writer.tasks = [*Writer.tasks * 20, raises]
"""
ALONE = "the load was driven alone"


@pytest.fixture
def port() -> str:
    """A port for a master."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def load(folder: Path, release: str, *words: str) -> tuple[str | Path, ...]:
    """The words of a load of the notebook in that folder."""
    runs = folder / "runs"
    return "load", release, "--plan", folder / "notebook", "--runs", runs, *COMMIT, *words


COMMIT = ("--profile", "commit")


def away(folder: Path, port: str, workers_n: int = 2, *words: str) -> tuple[str, ...]:
    """What makes it a master."""
    return (
        "--master", "--master-port", port, "--expect-workers", str(workers_n),
        "--journal-to", (folder / "home").as_uri(), *words,
    )  # fmt: skip


def worker(stack: ExitStack, folder: Path, port: str, *words: str) -> Calling:
    """A worker that has started."""
    call = calling(
        "load", "--worker", "--plan", folder / "notebook", "--master-host", "127.0.0.1",
        "--master-port", port, *words, runs=folder / "none", cwd=folder,
    )  # fmt: skip
    return stack.enter_context(call)


def driven(folder: Path, release: str, *words: str) -> Called:
    """A load of that release, to its end."""
    with calling(*load(folder, release, *words), runs=folder / "runs") as call:
        return call.ended()


@pytest.mark.parametrize(("release", "code"), [("good", 0), ("forgets", 1)])
def test_a_load_alone_is_judged(tmp_path: Path, release: str, code: int) -> None:
    """Without a scenario every save is compared, and the exit code is the verdict's."""
    loaded(tmp_path)
    called = driven(tmp_path, release)

    assert code == called.code, called.out + called.err
    found = called.verdict["evidence"]["load"]
    assert found["saves_acknowledged"] >= RATE * HOLD_S
    assert any(ALONE in warning for warning in called.verdict["warnings"])
    assert called.run is not None
    again = harness("judge", called.run, "--json")
    assert (again.code, json.loads(again.out)) == (code, called.verdict)
    assert [] == called.left()


@pytest.mark.slow
def test_processes_of_one_host_are_one_load(tmp_path: Path) -> None:
    """Two processes share rate and users; every moment is saved once, and every save is found."""
    plan = loaded(tmp_path)
    text = (plan / "harness.toml").read_text().replace("users = 10", "users = 10\nprocesses = 2")
    (plan / "harness.toml").write_text(text)
    called = driven(tmp_path, "good")

    assert called.code == 0, called.out + called.err
    found = called.verdict["evidence"]["load"]
    assert found["target_saves_per_s"] == RATE
    assert found["saves_acknowledged"] == found["saves_verified"] >= RATE * HOLD_S
    assert called.run is not None
    assert 2 == len(list((called.run / "journal").rglob("load-*.acts")))
    assert [] == called.left()


def test_workers_bring_their_journals_home(tmp_path: Path, port: str) -> None:
    """Two workers drive a share each; the master's run has both journals and finds every save."""
    plan = loaded(tmp_path)
    with (plan / "load.py").open("a") as stream:
        stream.write(RAISES)
    with ExitStack() as stack:
        workers = [worker(stack, tmp_path, port, "--name", name) for name in ("one", "two")]
        called = driven(tmp_path, "good", *away(tmp_path, port))
        left = [call.ended() for call in workers]

    assert called.code == 0, called.out + called.err
    assert [0, 0] == [call.code for call in left], [call.err for call in left]
    found = called.verdict["evidence"]["load"]
    assert found["saves_acknowledged"] == found["saves_verified"] >= RATE * HOLD_S
    assert called.run is not None
    journals = list((called.run / "journal").rglob("load-*.acts"))
    heads = [json.loads(path.read_text().partition("\n")[0]) for path in journals]
    assert {(0, 1), (1, 0)} >= {(h["worker"], 1 - h["worker"]) for h in heads}
    assert {"one", "two"} == {head["name"] for head in heads}
    (ended,) = [e for e in read_journal(called.run / "journal") if isinstance(e, LoadEnded)]
    assert ended.generator_busy is not None
    assert "a word of the load file" in ended.trouble
    assert [] == called.left()


@pytest.mark.slow
def test_two_workers_of_one_name_are_refused(tmp_path: Path, port: str) -> None:
    """Nobody could tell their journals apart: the load ends before a save, and says so."""
    loaded(tmp_path)
    with ExitStack() as stack:
        workers = [worker(stack, tmp_path, port, "--name", "same") for _ in range(2)]
        called = driven(tmp_path, "good", *away(tmp_path, port))
        left = [call.ended() for call in workers]

    assert called.code == 3, called.out + called.err
    assert [3, 3] == [call.code for call in left], [call.err for call in left]
    told = [call.err for call in left]
    assert all("ended it before it began" in each for each in told), told
    assert "two workers of the load are called 'same'" in called.out


@pytest.mark.slow
def test_a_worker_at_another_address_ends_the_load(tmp_path: Path, port: str) -> None:
    """Where a worker does not find its master's folder both end, and wait for no journal."""
    loaded(tmp_path)
    words, runs = load(tmp_path, "good", *away(tmp_path, port, 1)), tmp_path / "runs"
    with ExitStack() as stack:
        master = stack.enter_context(calling(*words, runs=runs))
        end_s = time.monotonic() + 30
        while not (terms := list(tmp_path.glob("home/*/terms.json"))) and time.monotonic() < end_s:
            time.sleep(0.1)
        terms[0].unlink()
        lost, called = worker(stack, tmp_path, port).ended(), master.ended()

    assert (3, 3) == (lost.code, called.code), lost.err + called.out + called.err
    assert "cannot be found: its master's terms.json is not there" in lost.err
    assert "came home" not in called.out


def test_a_master_without_workers_gives_up(tmp_path: Path, port: str) -> None:
    """A worker that never comes is missing evidence, with how many came and where to."""
    loaded(tmp_path)
    called = driven(tmp_path, "good", *away(tmp_path, port, 1, "--wait", "2"))

    assert called.code == 3, called.out + called.err
    assert f"0 of 1 workers of the load came within 2 s to 127.0.0.1:{port}" in called.out
    assert [] == called.left()


def test_a_worker_without_a_master_gives_up(tmp_path: Path, port: str) -> None:
    """A worker waits no longer than it was told to, and leaves nobody behind."""
    loaded(tmp_path)
    with ExitStack() as stack:
        called = worker(stack, tmp_path, port, "--wait", "3").ended()

    assert called.code == 3
    assert f"no master at 127.0.0.1:{port} gave out a share" in called.err


@pytest.mark.slow
def test_a_worker_whose_master_dies_ends(tmp_path: Path, port: str) -> None:
    """A worker ends by itself once its master is silent, and keeps a journal that can be read."""
    plan = loaded(tmp_path)
    text = (plan / "harness.toml").read_text().replace("load_s = 4", "load_s = 60")
    (plan / "harness.toml").write_text(text)
    with ExitStack() as stack:
        one = worker(stack, tmp_path, port)
        words = load(tmp_path, "good", *away(tmp_path, port, 1))
        lead = stack.enter_context(calling(*words, runs=tmp_path / "runs"))
        await_acts(tmp_path)
        family = psutil.Process(lead.process.pid).children(recursive=True)
        for pid in (lead.process.pid, *(member.pid for member in family)):
            # Who has lost its parent may be gone already.
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        called = one.ended(60)

    assert called.code == 3, called.err
    assert "went away" in called.err
    (journal,) = tmp_path.glob(".harness/workers/*/journal/load-*.acts")
    assert b"\na " in journal.read_bytes()


def await_acts(folder: Path) -> None:
    end_s = time.monotonic() + 90
    while time.monotonic() < end_s:
        found = folder.glob(".harness/workers/*/journal/load-*.acts")
        if any(b"\na " in path.read_bytes() for path in found):
            return
        time.sleep(0.1)
    raise AssertionError("no worker acknowledged a save")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "which release?"),
        (("good", "--expect-workers", "2"), "--expect-workers is for --master"),
        (("good", "--master", "--expect-workers", "2"), "a master needs --journal-to"),
        (("good", "--name", "x"), "--name is for --worker"),
        (("--worker",), "a worker needs --master-host"),
        (("good", "--worker", "--master-host", "h"), "leave RELEASE and --master"),
        (
            ("good", "--master", "--expect-workers", "1", "--journal-to", "what://x"),
            "nothing here reads what://x",
        ),
        (("good", "--url", "http://127.0.0.1:9"), "storage.main.url"),
    ],
)
def test_a_wrong_call_starts_nothing(tmp_path: Path, words: tuple[str, ...], told: str) -> None:
    """Options that do not go together exit 2 with what to write, and leave no run."""
    loaded(tmp_path)
    runs = tmp_path / "runs"
    called = harness("load", *words, "--plan", tmp_path / "notebook", "--runs", runs, *COMMIT)

    assert called.code == 2, called.err
    assert told in called.err
    assert [] == list(runs.glob("*"))
