"""Printing in a job of GitHub Actions, where a line of output can be a command to the runner."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from harness.errors import EnvironmentBroken

if TYPE_CHECKING:
    from harness.exhibits import Account


def in_actions(env: Mapping[str, str] = os.environ) -> bool:
    """Whether this is a step of a GitHub workflow."""
    return env.get("GITHUB_ACTIONS") == "true"


@contextmanager
def shielded(stream: TextIO, env: Mapping[str, str] = os.environ) -> Iterator[None]:
    """What is printed to the stream in the block is text to the runner, whatever it looks like."""
    if not in_actions(env):
        yield
        return
    import secrets  # costs help a tenth of its time

    token = secrets.token_hex(16)
    stream.flush()
    click.echo(f"::stop-commands::{token}", file=stream)
    try:
        yield
    finally:
        # A token that does not begin its line is not seen.
        click.echo(f"\n::{token}::", file=stream)


def inert_json(text: str) -> str:
    """The same JSON without the older spelling of a command, which may stand within a line."""
    return text.replace("##[", "##\\u005b")


def tell_actions(
    account: Account, plan: Path, stream: TextIO, env: Mapping[str, str] = os.environ
) -> None:
    """Annotations to the stream, the summary and the outputs to the files the runner names."""
    if not in_actions(env):
        return
    from harness.report.github import annotate, outputs
    from harness.report.markdown import markdown

    for line in annotate(account, folder_of(plan, env)):
        click.echo(line, file=stream)
    _append(env.get("GITHUB_STEP_SUMMARY"), markdown(account))
    _append(env.get("GITHUB_OUTPUT"), outputs(account))


def summarise(text: str, env: Mapping[str, str] = os.environ) -> None:
    """Add the Markdown to the summary of a job of GitHub Actions; nothing anywhere else."""
    if in_actions(env):
        _append(env.get("GITHUB_STEP_SUMMARY"), text)


def folder_of(plan: Path, env: Mapping[str, str] = os.environ) -> str:
    """The folder of the plan as the repository names it; "" where that is not known."""
    folder = (plan if plan.is_dir() else plan.parent).resolve()
    root = Path(env.get("GITHUB_WORKSPACE") or Path.cwd()).resolve()
    return folder.relative_to(root).as_posix() if folder.is_relative_to(root) else ""


def _append(name: str | None, text: str) -> None:
    if not name:
        return
    try:
        with Path(name).open("a", encoding="utf-8") as stream:
            stream.write(text)
    except OSError as error:
        raise EnvironmentBroken(f"{name} cannot be written for the workflow: {error}") from error
