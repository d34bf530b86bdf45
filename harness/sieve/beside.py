"""``python -m harness.sieve.beside FD``: hears journals for the process that has begun it.

It is told what to do on its standard input and answers on the pipe of that number, in pickles, and
it ends where its input does.
"""

from __future__ import annotations

import os
import pickle
import sys
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, BinaryIO

from harness.errors import HarnessError
from harness.sieve.heard import Task, hear

# Whoever reads storage goes first, a little: what is left of this is then shared.
LATER = 3


def main(asked: SimpleQueue[Any], answers: BinaryIO) -> None:
    """Hear what there is, put it together by turns, and answer what is asked then."""
    task: Task = asked.get()
    try:
        heard = hear(task.files, task.lines)
        _tell((heard, task.lines), answers)
        _tell((task.join(heard, task.there, task.turns), task.there), answers)
        while True:
            question: Callable[[], object] = asked.get()
            _tell(question(), answers)
    except HarnessError as error:
        _tell(error, answers)


def _listen(asked: SimpleQueue[Any]) -> None:
    try:
        while True:
            asked.put(pickle.load(sys.stdin.buffer))  # noqa: S301 - of whoever began this
    finally:
        # Whoever began this is gone, also where it was in the middle of a word.
        os._exit(1)


def _tell(answer: object, answers: BinaryIO) -> None:
    pickle.dump(answer, answers)
    answers.flush()


def _begin(fd: int) -> None:
    os.nice(LATER)
    asked: SimpleQueue[Any] = SimpleQueue()
    threading.Thread(target=_listen, args=(asked,), daemon=True).start()
    try:
        with suppress(BrokenPipeError):
            main(asked, os.fdopen(fd, "wb"))
    finally:
        # An orderly end would wait for whoever listens, and so nobody else tells of an error.
        if error := sys.exception():
            traceback.print_exception(error)
        os._exit(1)


if __name__ == "__main__":
    _begin(int(sys.argv[1]))
