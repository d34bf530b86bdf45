"""Who reads a load's journals while storage is read: a thread, or a process beside this one."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from functools import partial
from typing import IO, Any, TypeVar, cast

from harness.errors import EnvironmentBroken, HarnessError
from harness.sieve.heard import Heard, Task, hear
from harness.sieve.join import Joined
from harness.sieve.pairs import Acts
from harness.sieve.spill import Spill
from harness.sieve.told import Told

Answer = TypeVar("Answer")
# Who says nothing more is given so long to end by itself.
ENDING_S_MAX = 1.0


class Here:
    """Journals that are heard by a thread, which puts all of them together."""

    def __init__(self, task: Task) -> None:
        self._thread = ThreadPoolExecutor(1)
        self._heard = self._thread.submit(self._hear, task)

    def heard(self) -> tuple[Heard, list[Joined]]:
        """What it heard and put together; raises RecordUnreadable, EnvironmentBroken."""
        return self._heard.result()

    def meanwhile(self, ask: Callable[[Told], Answer], told: Told) -> Callable[[], Answer]:
        """Answer a question about the journals at once."""
        answer = ask(told)
        return lambda: answer

    def close(self) -> None:
        """Wait for its end."""
        self._thread.shutdown()

    @staticmethod
    def _hear(task: Task) -> tuple[Heard, list[Joined]]:
        heard = hear(task.files, task.lines)
        return heard, [task.join(heard, task.there, task.turns)]


class Beside:
    """A process that hears journals meanwhile; it ends with whoever began it, at any moment.

    What it heard is put together by both, a partition each by turns.
    """

    def __init__(self, task: Task) -> None:
        self._task = task
        spills = (*task.lines.all, *task.there.all, *task.here.all)
        answered, answers = os.pipe()
        self._answered = os.fdopen(answered, "rb")
        try:
            self._process = subprocess.Popen(
                # What lies about in the current folder is no module of ours.
                [sys.executable, "-P", "-m", "harness.sieve.beside", str(answers)],
                env={
                    **os.environ,
                    "PYTHONPATH": os.pathsep.join(sys.path),
                    # Threads that multiply matrices are only begun, and there is nothing for them.
                    "OPENBLAS_NUM_THREADS": "1",
                },
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                pass_fds=[*(spill.fd for spill in spills), task.turns.fd, answers],
                # Ctrl-C is for whoever began this, and ends it.
                process_group=0,
            )
        except OSError as error:
            self._answered.close()
            raise EnvironmentBroken(
                f"the process that reads the load's journals cannot be started: {error}"
            ) from error
        finally:
            os.close(answers)
        # A pipe, as was asked.
        self._asked = cast(IO[bytes], self._process.stdin)
        # What it heard is more than a pipe holds. Until somebody takes it nothing is put together.
        self._heard: Future[tuple[Heard, Acts]] = Future()
        self._taker = threading.Thread(target=self._take, daemon=True)
        with ExitStack() as begun:
            begun.callback(self.close)
            self._ask(task)
            self._taker.start()
            begun.pop_all()

    def heard(self) -> tuple[Heard, list[Joined]]:
        """What it heard, and what came of it there and here.

        Raises RecordUnreadable, EnvironmentBroken.
        """
        task = self._task
        heard, lines = self._heard.result()
        _follow(task.lines.all, lines.all)
        here = task.join(heard, task.here, task.turns)
        there, spots = self._answer()
        _follow(task.there.all, spots.all)
        return heard, [here, there]

    def meanwhile(self, ask: Callable[[Told], Answer], told: Told) -> Callable[[], Answer]:
        """Have a question about the journals answered there; raises what asking it there raises.

        The question is a function that can be pickled, and so is its answer.
        """
        self._ask(partial(ask, told))
        return self._answer

    def close(self) -> None:
        """End it, wherever it is."""
        self._process.kill()
        self._process.wait()
        if self._taker.ident is not None:
            self._taker.join()
        self._answered.close()
        with suppress(BrokenPipeError):
            # What was not sent any more is sent then.
            self._asked.close()

    def _take(self) -> None:
        try:
            self._heard.set_result(self._answer())
        except HarnessError as error:
            self._heard.set_exception(error)
        finally:
            # Whatever else happened is told where it did, and nobody waits for an answer.
            self._heard.cancel()

    def _ask(self, message: object) -> None:
        try:
            pickle.dump(message, self._asked)
            self._asked.flush()
        except OSError as error:
            raise self._dead() from error

    def _answer(self) -> Any:
        try:
            answer = pickle.load(self._answered)  # noqa: S301
        except (EOFError, pickle.UnpicklingError) as error:
            raise self._dead() from error
        if isinstance(answer, HarnessError):
            raise answer
        return answer

    def _dead(self) -> EnvironmentBroken:
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(ENDING_S_MAX)
        self._process.kill()
        return EnvironmentBroken(
            "the process that read the load's journals has died with code "
            f"{self._process.wait()}; was there memory and disk enough?"
        )


def _follow(ours: Sequence[Spill], theirs: Sequence[Spill]) -> None:
    for spill, other in zip(ours, theirs, strict=True):
        spill.follow(other)
