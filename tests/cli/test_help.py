"""Help is there for everything, says what it is about, and comes at once."""

import resource
import subprocess
import sys
from pathlib import Path

import click
import pytest

from tests.cli.helping import SNAPSHOT, commands, whole

HELP_S_MAX = 0.3
COMMANDS = dict(commands())
CALLS = [" ".join(words) for words in COMMANDS]


def command(call: str) -> click.Command:
    return COMMANDS[tuple(call.split())]


def test_help_reads_as_it_was_reviewed() -> None:
    """Every help text is the one in help.txt: python -m tests.cli.helping > tests/cli/help.txt."""
    assert SNAPSHOT.read_text() == whole()


@pytest.mark.parametrize("call", CALLS[1:])
def test_every_command_says_what_it_does(call: str) -> None:
    """The first sentence of a command's help is whole where commands are listed."""
    short = command(call).get_short_help_str(60)

    assert short
    assert not short.endswith("...")


@pytest.mark.parametrize("call", CALLS)
def test_every_option_is_explained(call: str) -> None:
    """Each option has a sentence, and each argument stands in the command's own text."""
    found = command(call)
    for parameter in found.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, parameter.name
        else:
            assert parameter.human_readable_name in (found.help or "")


def test_exit_codes_are_in_the_help() -> None:
    """Whoever writes a pipeline finds every exit code without the documentation."""
    text = " ".join((COMMANDS["harness",].help or "").split())

    for code in ("0 pass", "1 block", "2 usage", "3 inconclusive", "70", "130 interrupted"):
        assert code in text


def test_help_comes_at_once() -> None:
    """Help costs less than a third of a second of a processor, at its best of five.

    Other tests share the processors, so the clock on the wall would measure them as well.
    """
    took_s = []
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(
            [Path(sys.executable).with_name("harness"), "--help"], check=True, capture_output=True
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        took_s.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)

    assert min(took_s) < HELP_S_MAX


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["gaet", "good"], "No such command 'gaet'. Did you mean 'gate'?"),
        (["gate"], "Missing argument 'CANDIDATE'."),
        (["gate", "good", "--profil", "commit"], "Did you mean '--profile'?"),
        (["gate", "good", "--profile", "daily"], "'daily' is not one of"),
        (["judge", "no-such-run"], "no-such-run is no run: there is no such folder"),
    ],
)
def test_wrong_calls_are_answered(words: list[str], told: str) -> None:
    """A call that cannot be right exits 2 and says what would be."""
    done = subprocess.run(
        [sys.executable, "-m", "harness", *words], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr
