"""``python -m harness.sieve.beside``: hears journals for the process whose pipes it is given.

It is told what to do on its standard input and answers on its standard output, in pickles, and it
ends where its input does.
"""

from __future__ import annotations

import os
import pickle
import sys
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

from harness.errors import HarnessError
from harness.sieve.heard import Task, hear


def main() -> None:
    """Hear what there is, put it together by turns, and answer what is asked then."""
    asked: SimpleQueue[Any] = SimpleQueue()
    threading.Thread(target=_listen, args=(asked,), daemon=True).start()
    task: Task = asked.get()
    try:
        heard = hear(task.files, task.lines)
        _tell((heard, task.lines))
        _tell((task.join(heard, task.there, task.turns), task.there))
        while True:
            question: Callable[[], object] = asked.get()
            _tell(question())
    except HarnessError as error:
        _tell(error)


def _listen(asked: SimpleQueue[Any]) -> None:
    try:
        while True:
            asked.put(pickle.load(sys.stdin.buffer))  # noqa: S301 - of whoever began this
    except EOFError:
        os._exit(1)


def _tell(answer: object) -> None:
    try:
        pickle.dump(answer, sys.stdout.buffer)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        os._exit(1)


if __name__ == "__main__":
    main()
