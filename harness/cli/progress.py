"""Progress for people: one moving line on a terminal, plain lines anywhere else."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

import click

from harness.gate import Progress, Watcher
from harness.report.clean import clean, one_line

PLAIN_EVERY_S = 10.0
_BAR_CHARS = 24


@contextmanager
def watcher(stream: TextIO) -> Iterator[Watcher]:
    """A watcher that writes to the stream, and leaves the cursor on a fresh line."""
    shown = _Moving(stream) if stream.isatty() else _Plain(stream)
    try:
        yield shown.said
    finally:
        shown.done()


class _Plain:
    """A line per event; counts at most every PLAIN_EVERY_S."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._began_s = self._counted_s = time.monotonic()

    def said(self, progress: Progress) -> None:
        now_s = time.monotonic()
        if progress.moving:
            if now_s - self._counted_s < PLAIN_EVERY_S:
                return
            self._counted_s = now_s
        line = f"[{now_s - self._began_s:6.1f} s] {progress.stage}: {clean(progress.text)}"
        click.echo(line, file=self._stream)

    def done(self) -> None:
        self._stream.flush()


class _Moving:
    """One line that is written over while counts move."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._began_s = time.monotonic()
        self._open = False

    def said(self, progress: Progress) -> None:
        elapsed = f"{time.monotonic() - self._began_s:6.1f} s"
        if progress.moving:
            text = f"\r\x1b[2K{elapsed}  {progress.stage}  {_bar(progress)} {progress.text}"
            click.echo(text[:200], file=self._stream, nl=False)
            self._open = True
            return
        self.done()
        click.echo(f"{elapsed}  {progress.stage}: {one_line(progress.text)}", file=self._stream)

    def done(self) -> None:
        if self._open:
            click.echo("\r\x1b[2K", file=self._stream, nl=False)
            self._open = False
        self._stream.flush()


def _bar(progress: Progress) -> str:
    filled = _BAR_CHARS * progress.done_n // max(progress.total_n, 1)
    return "█" * filled + "░" * (_BAR_CHARS - filled)
