"""Tells Prometheus of a gate; the exit code is the verdict's whatever comes of it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.errors import EnvironmentBroken, UsageError

if TYPE_CHECKING:
    from harness.verdict import Verdict


def check_places(file: Path | None, gateway: str | None) -> None:
    """Raise UsageError, before anything is started, where nothing could be told in the end."""
    if file is not None and not file.absolute().parent.is_dir():
        raise UsageError(f"--metrics-file {file}: there is no folder {file.absolute().parent}")
    if gateway is not None:
        from harness.report.prometheus import check_gateway

        check_gateway(gateway)


def tell_prometheus(verdict: Verdict, file: Path | None, gateway: str | None) -> None:
    """Write the file and push, where they are asked for; what fails is said on stderr."""
    if file is None and gateway is None:
        return
    from harness.report.prometheus import gate_metrics, push_metrics, write_metrics

    registry = gate_metrics(verdict, time.time())
    try:
        if file is not None:
            write_metrics(file, registry)
    except EnvironmentBroken as error:
        click.echo(f"harness: {error}", err=True)
    try:
        if gateway is not None:
            push_metrics(gateway, registry, verdict.app)
    except EnvironmentBroken as error:
        click.echo(f"harness: {error}", err=True)
