"""The command line: the only place that prints, exits or knows click."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from types import FrameType
from typing import NoReturn

import click

from harness.cli.actions import shielded
from harness.cli.commands import harness
from harness.errors import HarnessError

EXIT_USAGE = 2
EXIT_FAULT = 70
EXIT_INTERRUPTED = 130


def main() -> NoReturn:
    """Run the command and exit with its code; a crash is never a verdict's code."""
    interruptible()
    sys.exit(_run())


def interruptible() -> None:
    """Have whoever asks this process to end interrupt it, so that it ends what it has started."""
    for number in _INTERRUPTS:
        signal.signal(number, _interrupt)


_INTERRUPTS = (signal.SIGINT, signal.SIGTERM)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    """Stop, once: what was started is ended however often an impatient hand asks for it."""
    for number in _INTERRUPTS:
        # Not SIG_IGN, which children would inherit.
        signal.signal(number, lambda _number, _frame: None)
    raise KeyboardInterrupt


def _run() -> int:
    try:
        code = harness.main(prog_name="harness", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except click.exceptions.Exit as asked:
        return asked.exit_code
    except click.UsageError as error:
        with shielded(sys.stderr):
            error.show()
        return EXIT_USAGE
    except (KeyboardInterrupt, click.Abort):
        for number in _INTERRUPTS:
            # The interpreter's own end gives handlers up, and would die of a late signal.
            signal.signal(number, signal.SIG_IGN)
        click.echo("harness: interrupted; what was started is ended", err=True)
        return EXIT_INTERRUPTED
    except HarnessError as error:
        with shielded(sys.stderr):
            click.echo(f"harness: {error}", err=True)
        return error.exit_code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_FAULT
    except Exception:  # noqa: BLE001 - the one place where a crash becomes an exit code
        with shielded(sys.stderr):
            traceback.print_exc()
        click.echo("harness: the harness itself failed; there is no verdict", err=True)
        return EXIT_FAULT
