"""A moment that several trials share."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from harness.gate.across import barrier as barriers
from harness.gate.across.barrier import Barrier

LIMIT_S = 10.0


class Acts:
    """Counts how often the act was done."""

    def __init__(self, fails: Exception | None = None) -> None:
        self.n = 0
        self.fails = fails

    def __call__(self) -> None:
        self.n += 1
        if self.fails:
            raise self.fails


def waiting(barrier: Barrier, n: int) -> tuple[list[threading.Thread], list[BaseException]]:
    """So many trials that come to the moment, and what they raise."""
    errors: list[BaseException] = []

    def come() -> None:
        try:
            barrier.wait()
        except RuntimeError as error:
            errors.append(error)

    threads = [threading.Thread(target=come, daemon=True) for _ in range(n)]
    for thread in threads:
        thread.start()
    return threads, errors


def until(holds: Callable[[], bool]) -> None:
    """Wait for it."""
    end_s = time.monotonic() + LIMIT_S
    while not holds():
        assert time.monotonic() < end_s
        time.sleep(0.005)


def gone_on(threads: list[threading.Thread]) -> bool:
    """Whether all have gone on."""
    for thread in threads:
        thread.join(LIMIT_S)
    return not any(thread.is_alive() for thread in threads)


def test_the_last_one_has_it_done() -> None:
    """Nothing happens before all are there; then it is done once, and all go on."""
    acts = Acts()
    barrier = Barrier(3, acts)
    threads, _ = waiting(barrier, 2)
    until(lambda: barrier.waited_n == 2)
    assert (0, False) == (acts.n, barrier.done)
    threads += waiting(barrier, 1)[0]

    assert gone_on(threads)
    assert (1, True) == (acts.n, barrier.done)


def test_one_that_ends_without_it() -> None:
    """A trial that has ended is not waited for."""
    acts = Acts()
    barrier = Barrier(2, acts)
    threads, _ = waiting(barrier, 1)
    until(lambda: barrier.waited_n == 1)
    barrier.leave()

    assert gone_on(threads)
    assert 1 == acts.n


def test_an_act_that_fails() -> None:
    """It is raised once, where it was done, and whoever waits goes on."""
    barrier = Barrier(3, Acts(RuntimeError("down")))
    threads, errors = waiting(barrier, 3)

    assert gone_on(threads)
    assert ["down"] == [str(error) for error in errors]
    assert barrier.done


def test_one_that_comes_late() -> None:
    """Who comes after the act goes on at once, and nothing is done again."""
    acts = Acts()
    barrier = Barrier(1, acts)
    barrier.wait()
    barrier.wait()

    assert 1 == acts.n


def test_one_that_never_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The others wait for it only so long after the last one came."""
    monkeypatch.setattr(barriers, "AWAIT_S_MAX", 0.05)
    acts = Acts()
    threads, _ = waiting(Barrier(2, acts), 1)

    assert gone_on(threads)
    assert 1 == acts.n


def test_one_that_comes_while_it_is_done() -> None:
    """Who comes during the act waits for its end."""
    begun, may_end = threading.Event(), threading.Event()

    def act() -> None:
        begun.set()
        assert may_end.wait(LIMIT_S)

    barrier = Barrier(1, act)
    threads, _ = waiting(barrier, 1)
    assert begun.wait(LIMIT_S)
    late, _ = waiting(barrier, 1)
    until(lambda: barrier.waited_n == 2)
    assert late[0].is_alive()
    may_end.set()

    assert gone_on([*threads, *late])
