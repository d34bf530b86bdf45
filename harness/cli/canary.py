"""The commands of the canary: probes in production, and records that are watched there."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli.actions import in_actions, inert_json, shielded

if TYPE_CHECKING:
    from harness.canary.asked import Asked
    from harness.canary.probing import Probe

RUNS = Path(".harness/canary")


@click.group()
def canary() -> None:
    """Probe a release in production.

    Synthetic users write what the plan's probes hold, every field of it is looked up, and it is
    removed again. Exit codes: 0 all is well, 1 a loss, 3 nothing was measured.
    """


def _asking(command: click.decorators.FC) -> click.decorators.FC:
    options = [
        click.option(
            "--plan",
            type=click.Path(path_type=Path),
            default=Path("harness.toml"),
            show_default=True,
            help="The plan, or the folder that holds harness.toml.",
        ),
        click.option(
            "--merge",
            type=click.Path(path_type=Path),
            help="A file merged over the plan: tables merge, lists and values replace.",
        ),
        click.option(
            "--target",
            "targets",
            metavar="NAME",
            multiple=True,
            help="Only this target; may be given again.  [default: all]",
        ),
        click.option(
            "--runs",
            type=click.Path(path_type=Path),
            default=RUNS,
            show_default=True,
            help="Where the proof of probes is kept.",
        ),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def _asked(
    plan: Path, merge: Path | None, targets: tuple[str, ...], runs: Path, tick: int | None = None
) -> Asked:
    from harness.canary.asked import Asked

    return Asked(plan, runs, merge, targets, tick)


@canary.command()
@_asking
@click.option(
    "--tick", type=click.IntRange(min=0), help="Whose turn it is.  [default: the next one]"
)
@click.option("--json", "as_json", is_flag=True, help="Print the probes alone, as JSON.")
@click.option(
    "--stream",
    is_flag=True,
    help="Print each probe as a line of JSON once it is judged, and again once it is cleaned.",
)
def once(
    plan: Path,
    merge: Path | None,
    targets: tuple[str, ...],
    runs: Path,
    tick: int | None,
    as_json: bool,
    stream: bool,
) -> int:
    """Probe each target once."""
    from harness.canary.once import once
    from harness.canary.telling import exit_code

    with shielded(sys.stderr):
        probes = once(
            _asked(plan, merge, targets, runs, tick),
            os.environ,
            lambda sentence: click.echo(sentence, err=True),
            lambda probe: _stream(probe, "judged") if stream else None,
        )
    if stream:
        for probe in probes:
            _stream(probe, "cleaned")
        return exit_code(probes)
    return _answer(probes, as_json)


def _answer(probes: list[Probe], as_json: bool) -> int:
    from harness.canary.telling import exit_code, probe_to_json

    if as_json:
        text = json.dumps([probe_to_json(probe) for probe in probes], indent=2)
        click.echo(inert_json(text) if in_actions() else text)
    else:
        with shielded(sys.stdout):
            for probe in probes:
                _say(probe)
    return exit_code(probes)


def _stream(probe: Probe, moment: str) -> None:
    from harness.canary.telling import probe_to_json

    click.echo(json.dumps({"moment": moment, **probe_to_json(probe)}))


def _say(probe: Probe) -> None:
    from harness.canary.telling import result_of

    click.echo(f"{result_of(probe).upper():<8} {probe.target}  {probe.sentence}")
    for app, told in probe.told.items():
        for one in told:
            release = f"{app} {one.release}"
            why = f"  {one.sentence}" if one.sentence else ""
            click.echo(f"  {one.result:<8} {release:<24} {one.form}{why}")
    cleaned = probe.cleaned
    if cleaned.written_n or cleaned.left:
        click.echo(
            f"  cleaned  {cleaned.cleaned_n} of {cleaned.written_n} records, "
            f"{cleaned.residue_n} left"
        )
        for sentence in cleaned.left:
            click.echo(f"           {sentence}")
    if probe.run:
        click.echo(f"  proof    {probe.path}")


@canary.command("list")
@_asking
def list_(plan: Path, merge: Path | None, targets: tuple[str, ...], runs: Path) -> int:
    """List targets, probes and what is kept."""
    from harness.canary.asked import read_plan
    from harness.canary.listing import listing

    asked = _asked(plan, merge, targets, runs)
    for line in listing(read_plan(asked, os.environ), asked):
        click.echo(line)
    return 0


@canary.command()
@_asking
@click.option("--all", "everything", is_flag=True, help="Look again at runs that are clean.")
@click.option("--planted", is_flag=True, help="Remove what was planted, in place of probes.")
def clean(
    plan: Path,
    merge: Path | None,
    targets: tuple[str, ...],
    runs: Path,
    everything: bool,
    planted: bool,
) -> int:
    """Remove what earlier probes left.

    Only records that a kept journal names and that hold its words are removed; what is left is
    told, and then the exit code is 3.
    """
    from harness.canary.asked import read_plan
    from harness.canary.sweeping import sweep_all

    asked = _asked(plan, merge, targets, runs / "planted" if planted else runs)
    swept = sweep_all(read_plan(asked, os.environ), asked, everything=everything)
    for run, cleaned in swept.items():
        click.echo(f"{run}  {cleaned.cleaned_n} removed, {cleaned.residue_n} left")
        for sentence in cleaned.left:
            click.echo(f"  {sentence}")
    left_n = sum(cleaned.residue_n for cleaned in swept.values())
    removed_n = sum(cleaned.cleaned_n for cleaned in swept.values())
    click.echo(f"{len(swept)} runs, {removed_n} records removed, {left_n} left")
    return 3 if left_n else 0


@canary.command()
@_asking
@click.option("--json", "as_json", is_flag=True, help="Print what came of it alone, as JSON.")
def plant(
    plan: Path, merge: Path | None, targets: tuple[str, ...], runs: Path, as_json: bool
) -> int:
    """Plant records that are to be watched.

    What the plan's canaries.planted writes stays in each target, and is compared by check.
    """
    from harness.canary.planting import plant

    with shielded(sys.stderr):
        return _answer(plant(_asked(plan, merge, targets, runs), os.environ), as_json)


@canary.command()
@_asking
@click.option("--json", "as_json", is_flag=True, help="Print what came of it alone, as JSON.")
@click.option("--stream", is_flag=True, help="Print each target as a line of JSON.")
def check(
    plan: Path,
    merge: Path | None,
    targets: tuple[str, ...],
    runs: Path,
    as_json: bool,
    stream: bool,
) -> int:
    """Compare what was planted.

    After a deploy, a migration or a restore: any change of a planted record is nobody's doing,
    and a loss.
    """
    from harness.canary.planting import check
    from harness.canary.telling import exit_code

    with shielded(sys.stderr):
        found = check(_asked(plan, merge, targets, runs), os.environ)
    if stream:
        for probe in found:
            _stream(probe, "checked")
        return exit_code(found)
    return _answer(found, as_json)


@canary.command()
@_asking
@click.option(
    "--listen",
    metavar="HOST:PORT",
    default="127.0.0.1:9477",
    show_default=True,
    help="Where metrics and the status page are served.",
)
def run(plan: Path, merge: Path | None, targets: tuple[str, ...], runs: Path, listen: str) -> int:
    """Probe every target for ever.

    At the interval of the plan, and at once where a new release answers, until it is interrupted.
    Prometheus finds /metrics, people find a page at /.
    """
    from harness.canary.running import run
    from harness.canary.serving import place_of

    asked = _asked(plan, merge, targets, runs)
    with shielded(sys.stderr):
        run(asked, os.environ, place_of(listen), lambda line: click.echo(line, err=True))
    return 0
