"""The help of every command, one after the other: ``python -m tests.cli.helping > FILE``."""

from collections.abc import Iterator
from pathlib import Path

import click

from harness.cli.commands import harness

SNAPSHOT = Path(__file__).with_name("help.txt")
WIDTH = 100


def commands(
    command: click.Command = harness, words: tuple[str, ...] = ("harness",)
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command with the words that call it, the groups included."""
    yield words, command
    if isinstance(command, click.Group):
        for name, inner in sorted(command.commands.items()):
            yield from commands(inner, (*words, name))


def help_of(words: tuple[str, ...], command: click.Command) -> str:
    """What ``--help`` says on a terminal of WIDTH columns."""
    settings = {**harness.context_settings, "max_content_width": WIDTH, "terminal_width": WIDTH}
    return command.get_help(click.Context(command, info_name=" ".join(words), **settings))


def whole() -> str:
    """Every help text, each below the call that shows it."""
    parts = [f"$ {' '.join(words)} --help\n{help_of(words, c)}\n" for words, c in commands()]
    return "\n".join(parts)


if __name__ == "__main__":
    click.echo(whole(), nl=False)
