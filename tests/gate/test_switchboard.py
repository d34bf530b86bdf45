"""The line between trials and the gate, with both its ends."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.errors import EnvironmentBroken
from harness.gate import switchboard
from harness.gate.switchboard import Moment, open_switchboard
from harness.model import Phase
from harness.plugin.line import Line


def line(path: Path, phase: Phase | None = None, worker: int = 0) -> Line:
    """A trial's end of the line."""
    return Line(path, worker, f"upgraded/{worker}/1", phase or Phase("upgrade"))


def test_a_moment_is_heard_before_the_trial_goes_on(tmp_path: Path) -> None:
    """The gate is told worker, trial and moment, and has acted when the trial goes on."""
    heard: list[Moment] = []
    with open_switchboard(heard.append, tmp_path) as board:
        line(board.path, worker=2).tell("began")

        assert [Moment(2, "upgraded/2/1", "began")] == heard


def test_several_at_once(tmp_path: Path) -> None:
    """One that waits keeps no other from being heard."""
    go, heard = threading.Event(), []

    def answer(moment: Moment) -> None:
        heard.append(moment.worker)
        if moment.worker == 0:
            assert go.wait(10)

    with open_switchboard(answer, tmp_path) as board:
        first = threading.Thread(target=line(board.path).tell, args=("began",), daemon=True)
        first.start()
        for worker in (1, 2, 3):
            line(board.path, worker=worker).tell("began")
        assert first.is_alive()
        go.set()
        first.join(10)

    assert [0, 1, 2, 3] == sorted(heard)


def test_what_an_act_raised_is_kept(tmp_path: Path) -> None:
    """The trial goes on, and the gate is told of it when the round is over."""

    def answer(moment: Moment) -> None:
        raise EnvironmentBroken("the front is gone")

    with open_switchboard(answer, tmp_path) as board:
        line(board.path).tell("began")
        with pytest.raises(EnvironmentBroken, match="the front is gone"):
            board.settle()


def test_an_act_that_outlives_its_trial(tmp_path: Path) -> None:
    """What a dead trial has begun is waited for, and said where it never ends."""
    begun, go = threading.Event(), threading.Event()

    def answer(moment: Moment) -> None:
        begun.set()
        assert go.wait(10)

    with open_switchboard(answer, tmp_path) as board:
        with socket.socket(socket.AF_UNIX) as dying:
            dying.connect(str(board.path))
            dying.sendall(b'{"worker": 0, "trial": "t", "moment": "acknowledged"}\n')
            assert begun.wait(10)
        with pytest.raises(EnvironmentBroken, match="took longer than"):
            board.settle(0.05)
        go.set()
        board.settle(10)


def test_one_that_dies_before_a_word(tmp_path: Path) -> None:
    """A caller that hangs up at once is no error of anybody's."""
    with open_switchboard(lambda _: None, tmp_path) as board:
        with socket.socket(socket.AF_UNIX) as dying:
            dying.connect(str(board.path))
        line(board.path).tell("began")
        board.settle(10)

        assert [] == board.errors


@pytest.mark.parametrize("below", ["", "x" * 90])
def test_nothing_of_it_stays(below: str, tmp_path: Path) -> None:
    """The address is gone with the block, interrupted or not, also where its path was too long."""
    folder = tmp_path / below
    folder.mkdir(exist_ok=True)

    def interrupted() -> Path:
        with open_switchboard(lambda _: None, folder) as board:
            line(board.path).tell("began")
            seen.append(board.path)
            raise KeyboardInterrupt

    seen: list[Path] = []
    with pytest.raises(KeyboardInterrupt):
        interrupted()

    assert not seen[0].parent.exists()
    assert [] == list(folder.iterdir())
    with pytest.raises(EnvironmentBroken, match="did not answer upgraded/0/1 at the moment 'seen'"):
        line(seen[0]).tell("seen")


def test_a_gate_that_says_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A trial waits so long and no longer."""
    monkeypatch.setattr("harness.plugin.line.WAIT_S_MAX", 0.05)
    with (
        open_switchboard(lambda _: time.sleep(0.3), tmp_path) as board,
        pytest.raises(EnvironmentBroken, match="timed out"),
    ):
        line(board.path).tell("began")


def test_the_line_breaks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line that takes no callers any more is an error that the gate raises."""
    monkeypatch.setattr(switchboard, "POLL_S", 0.01)
    with open_switchboard(lambda _: None, tmp_path) as board:
        server = socket.socket(socket.AF_UNIX)
        board.listen(server, threading.Event())  # bound to nothing
        server.close()

        with pytest.raises(EnvironmentBroken, match="the line to the scenarios failed"):
            board.settle()


# --- the moments of a trial ----------------------------------------------------------------------


@pytest.fixture
def told(tmp_path: Path) -> Callable[[Phase, Callable[[Line], None]], list[str]]:
    """The moments that the gate is told of while a trial goes through a phase."""

    def tell(phase: Phase, goes: Callable[[Line], None]) -> list[str]:
        heard: list[str] = []
        with open_switchboard(lambda m: heard.append(m.kind), tmp_path) as board:
            goes(line(board.path, phase))
        return heard

    return tell


def goes(trial: Line) -> None:
    """Types twice, is told stored, types again, is told stored twice."""
    trial.typing()
    trial.typing()
    trial.acknowledged()
    trial.typing()
    trial.acknowledged()
    trial.acknowledged()


@pytest.mark.parametrize(
    ("phase", "moments"),
    [
        (Phase("stale-page", "typing"), ["typing"]),
        (Phase("upgrade", "acknowledged"), ["acknowledged"]),
        (Phase("rollback", "acknowledged", 3), ["acknowledged"]),
        (Phase("rollback", "acknowledged", 4), []),
        (Phase("mixed"), []),
    ],
)
def test_a_trial_tells_of_its_own_moment_once(
    phase: Phase, moments: list[str], told: Callable[..., list[str]]
) -> None:
    """Of the moment its phase waits for, the nth where there are several, and of no other."""
    assert moments == told(phase, goes)


def test_which_acknowledgement() -> None:
    """It is told at the nth one, neither earlier nor later."""
    at: list[int] = []

    class Counting(Line):
        def tell(self, moment: str) -> None:
            at.append(self.acknowledged_n)

    trial = Counting(Path("line"), 0, "t", Phase("rollback", "acknowledged", 2))
    for _ in range(3):
        trial.acknowledged()

    assert [2] == at
