"""Calls of the harness that texts tell people to type, as the command line reads them."""

from __future__ import annotations

from collections.abc import Sequence

import click

from harness.cli.commands import harness


def read_call(words: Sequence[str]) -> None:
    """Let click read a call without running it; raises what click raises where there is none."""
    command: click.Command = harness
    parent = click.Context(harness, info_name="harness", **harness.context_settings)
    rest = list(words[1:])
    while isinstance(command, click.Group):
        found = command.get_command(parent, rest[0])
        if found is None:
            raise click.UsageError(f"there is no {rest[0]}")
        command, rest = found, rest[1:]
    command.make_context(command.name, rest, parent=parent)
