"""A load that several processes drive: one schedule, one record, and no share of it missing."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
from collections import Counter
from pathlib import Path

import psutil
import pytest

from harness.drive.load import Line, LoadProgress, drive_load
from harness.errors import DriveFailed, UsageError
from harness.journal.acts_files import find_acts
from tests.drive.test_load import WRITER, await_acts, run, spec_of, url
from tests.journal.reading import read_volume
from tests.plugin.conftest import Folder
from tests.processes import runs

__all__ = ["run", "url"]
# Each process counts its records by itself, so that a key needs the user's number as well.
APART = WRITER.replace("PATH", "note").replace(
    "key=next(numbers)", "key=f'{self.journal.number}.{next(numbers)}'"
)


@pytest.fixture
def line() -> Line:
    """Where the processes of a test meet."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return Line(probe.getsockname()[1])


def pids(journal: Path) -> dict[int, int]:
    """The process of each worker that has journaled."""
    heads = [json.loads(p.read_text().split("\n")[0]) for p in journal.glob("load-*.acts")]
    return {head["worker"]: head["pid"] for head in heads}


def test_processes_share_one_schedule(tmp_path: Path, run: Folder, url: str, line: Line) -> None:
    """Every moment is one save of one process, and all of them start at the same instant."""
    spec = spec_of(tmp_path, url, APART, hold_s=2.0, processes=2)
    result = drive_load(spec, run, line=line)
    volume = read_volume(spec.journal)
    saves = list(volume.saves)

    assert {0, 1} == set(pids(spec.journal))
    assert {"acknowledged": 84} == Counter(save.state for save in saves)
    assert 84 == len({save.due_s for save in saves}) == result.progress.acknowledged_n
    assert 1 == len({schedule.start_s for schedule in volume.schedules})
    assert [True, True] == [file.closed for file in find_acts(spec.journal)]
    assert 0 == result.exit_code


def test_no_two_processes_write_one_value(
    tmp_path: Path, run: Folder, url: str, line: Line
) -> None:
    """Trials have numbers of their own in every process, and so have the tokens in values."""
    spec = spec_of(tmp_path, url, APART, hold_s=0.5, processes=2)
    drive_load(spec, run, line=line)
    trials: dict[int, set[int]] = {}
    for path in spec.journal.glob("load-*.acts"):
        head, *lines = path.read_text().splitlines()
        own = {int(words.split(" ")[2].split("/")[1]) for words in lines if words[0] == "r"}
        trials[json.loads(head)["worker"]] = own

    assert {0: {0}, 1: {1}} == {nth: {n % 2 for n in own} for nth, own in trials.items()}


def test_a_load_that_loses_a_process_is_no_result(
    tmp_path: Path, run: Folder, url: str, line: Line
) -> None:
    """A process that is killed takes its share with it: the load ends at once, and names it."""
    spec = spec_of(tmp_path, url, APART, hold_s=40.0, processes=2)

    killed: list[int] = []

    def kill_one(progress: LoadProgress) -> None:
        if progress.acknowledged_n and 1 in pids(spec.journal) and not killed:
            killed.append(pids(spec.journal)[1])
            os.kill(killed[0], signal.SIGKILL)

    with pytest.raises(DriveFailed, match=r"the worker \S+ of the load went away"):
        drive_load(spec, run, line=line, on_progress=kill_one)

    assert any(save.state == "acknowledged" for save in read_volume(spec.journal).saves)


def test_a_master_that_dies_takes_its_processes_along(
    tmp_path: Path, run: Folder, url: str, line: Line
) -> None:
    """The end of the master is an error, and leaves nobody behind who goes on saving."""
    spec = spec_of(tmp_path, url, APART, hold_s=40.0, processes=2)

    killed: list[int] = []

    def kill_master(progress: LoadProgress) -> None:
        if progress.acknowledged_n and not killed:
            killed.append(psutil.Process(pids(spec.journal)[0]).ppid())
            os.kill(killed[0], signal.SIGKILL)

    with pytest.raises(DriveFailed, match="killed by signal 9"):
        drive_load(spec, run, line=line, on_progress=kill_master)

    assert 2 == len(pids(spec.journal))
    assert not any(map(runs, pids(spec.journal).values()))


def test_an_interrupt_ends_every_process(tmp_path: Path, url: str, line: Line) -> None:
    """Ctrl-C while several processes drive leaves none of them, and a journal that can be read."""
    (tmp_path / "run" / "logs").mkdir(parents=True)
    spec = spec_of(tmp_path, url, APART, hold_s=60.0, processes=2)
    (tmp_path / "gate.py").write_text(
        textwrap.dedent(f"""
        import sys; sys.path.insert(0, {str(Path(__file__).parents[2])!r})
        from pathlib import Path
        from tests.drive.test_load_company import APART, Line, drive_load, spec_of
        from tests.plugin.conftest import Folder
        folder = Path({str(tmp_path)!r})
        spec = spec_of(folder, {url!r}, APART, hold_s=60.0, processes=2)
        drive_load(spec, Folder(folder / "run"), line=Line({line.port}))
        """)
    )
    gate = subprocess.Popen([sys.executable, "gate.py"], cwd=tmp_path, start_new_session=True)
    try:
        await_acts(spec.journal)
        family = psutil.Process(gate.pid).children(recursive=True)
        os.kill(gate.pid, signal.SIGINT)
        gate.wait(20)
    finally:
        gate.kill()

    assert len(family) >= 3
    assert [] == [member.pid for member in family if runs(member.pid)]
    assert list(read_volume(spec.journal).saves)


def test_a_worker_that_never_comes_is_named_missing(tmp_path: Path, run: Folder, url: str) -> None:
    """A master that waits for workers of other hosts gives up in time, and says how many came."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    spec = spec_of(tmp_path, url, APART, processes=2)
    with pytest.raises(DriveFailed, match=r"0 of 2 workers of the load came within 2 s"):
        drive_load(spec, run, line=Line(port, away=True, workers_s_max=2))


def test_a_port_that_is_taken_is_said(tmp_path: Path, run: Folder, url: str) -> None:
    """A master that cannot listen names the port."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        spec = spec_of(tmp_path, url, APART, processes=2)
        with pytest.raises(DriveFailed, match=rf"(?s)journaled no save.*{port}"):
            drive_load(spec, run, line=Line(port))


def test_several_processes_need_a_place_to_meet(tmp_path: Path, run: Folder, url: str) -> None:
    """Without a port nothing is started."""
    with pytest.raises(UsageError, match="2 processes of a load need a port"):
        drive_load(spec_of(tmp_path, url, APART, processes=2), run)
