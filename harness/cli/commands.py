"""Every command; what a command needs is imported when it runs, so that help is instant."""

from __future__ import annotations

import json
import os
import sys
from datetime import date
from pathlib import Path
from typing import Any

import click

from harness import __version__
from harness.cli.actions import in_actions, inert_json, shielded, tell_actions
from harness.cli.canary import canary
from harness.errors import EnvironmentBroken, UsageError

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
RUNS = Path(".harness/runs")
CATALOGUES = Path(".harness/catalogue")
# Short enough to be read aloud.
SEEDS_N = 1_000_000


@click.group(context_settings=CONTEXT)
@click.version_option(__version__, prog_name="harness")
def harness() -> None:
    """Compares what users were told was saved with what storage holds, field by field.

    Exit codes: 0 pass, 1 block, 2 usage or plan, 3 inconclusive, 70 the harness failed,
    130 interrupted.
    """


harness.add_command(canary)


def _plan_option(command: click.decorators.FC) -> click.decorators.FC:
    return click.option(
        "--plan",
        type=click.Path(path_type=Path),
        default=Path("harness.toml"),
        show_default=True,
        help="The plan, or the folder that holds harness.toml.",
    )(command)


def _deployer_option(command: click.decorators.FC) -> click.decorators.FC:
    return click.option(
        "--deployer",
        type=click.Choice(["docker", "compose", "process", "external"]),
        help="How releases run.  [default: the plan's]",
    )(command)


def _runs_option(command: click.decorators.FC) -> click.decorators.FC:
    return click.option(
        "--runs",
        type=click.Path(path_type=Path),
        default=RUNS,
        show_default=True,
        help="Where runs are kept.",
    )(command)


def _json_option(command: click.decorators.FC) -> click.decorators.FC:
    return click.option(
        "--json", "as_json", is_flag=True, help="Print the verdict alone, as JSON, on stdout."
    )(command)


@harness.command()
@click.argument("candidate")
@click.option(
    "--baseline",
    metavar="RELEASE",
    help="Release to compare with.  [default: the last that passed]",
)
@_plan_option
@click.option(
    "--profile",
    type=click.Choice(["commit", "release", "nightly"]),
    default="commit",
    show_default=True,
    help="How much is driven.",
)
@_deployer_option
@_runs_option
@click.option(
    "--only",
    metavar="CASE",
    multiple=True,
    help="Only cases whose id holds this, or fits this glob; may be given again.",
)
@click.option(
    "--stages",
    metavar="NAME,...",
    help="Of the further stages only these: upgrade, stale-page, mixed, restart, rollback, load, "
    "load-faults; or scenarios for none.  [default: all]",
)
@click.option(
    "--merge",
    type=click.Path(path_type=Path),
    help="A file merged over the plan: tables merge, lists and values replace.",
)
@click.option(
    "--metrics-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the verdict for Prometheus into this file.",
)
@click.option(
    "--push-gateway", metavar="URL", help="Push the verdict to this Pushgateway of Prometheus."
)
@_json_option
def gate(  # noqa: PLR0913 - click passes each option by name
    candidate: str,
    baseline: str | None,
    plan: Path,
    profile: str,
    deployer: str | None,
    runs: Path,
    only: tuple[str, ...],
    stages: str | None,
    merge: Path | None,
    metrics_file: Path | None,
    push_gateway: str | None,
    as_json: bool,
) -> int:
    """Gate the release CANDIDATE.

    Deploy it, drive it, and compare every field that was told saved with what storage holds.
    """
    from harness.cli.measuring import check_places, tell_prometheus
    from harness.cli.progress import watcher
    from harness.gate import Asked, gate

    check_places(metrics_file, push_gateway)
    asked = Asked(
        candidate=candidate,
        plan=plan,
        runs=runs,
        baseline=baseline,
        profile=profile,
        deployer=deployer,
        only=only,
        stages=None if stages is None else tuple(stages.split(",")),
        merge=merge,
    )
    # One stream in a workflow: the runner reads two in no particular order.
    stream = sys.stdout if in_actions() and not as_json else sys.stderr
    with shielded(stream):
        with watcher(stream) as watch:
            outcome = gate(asked, os.environ, watch)
        code = _answer(outcome.verdict, outcome.run, as_json)
        tell_prometheus(outcome.verdict, metrics_file, push_gateway)
    tell_actions(outcome.account, plan, stream)
    return code


@harness.command()
@click.argument("release")
@click.option(
    "--minutes",
    type=click.FloatRange(min=0, min_open=True, max=240),
    required=True,
    help="How long to look.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    help="Draw the cases of that seed again.  [default: a new one]",
)
@_plan_option
@_deployer_option
@_runs_option
@_json_option
def explore(
    release: str,
    minutes: float,
    seed: int | None,
    plan: Path,
    deployer: str | None,
    runs: Path,
    as_json: bool,
) -> int:
    """Look for new losses in RELEASE.

    Drive orders of actions and rows of factors that no gate holds, drawn by chance, until the
    time is over or something is lost. A loss is made as short as it gets and tried three times,
    which may take longer. It stands for no gate.
    """
    import secrets

    from harness.cli.progress import watcher
    from harness.gate import Exploring, explore

    chosen = secrets.randbelow(SEEDS_N) if seed is None else seed
    asked = Exploring(release, plan, runs, minutes, chosen, deployer)
    stream = sys.stdout if in_actions() and not as_json else sys.stderr
    with shielded(stream):
        with watcher(stream) as watch:
            outcome = explore(asked, os.environ, watch)
        code = _answer(outcome.verdict, outcome.run, as_json)
        click.echo(f"  again      {asked.again}", file=sys.stderr if as_json else sys.stdout)
    return code


@harness.command("load")
@click.argument("release", required=False)
@click.option("--url", metavar="URL", help="A running address of it.  [default: the plan's]")
@_plan_option
@click.option(
    "--profile",
    type=click.Choice(["commit", "release", "nightly"]),
    default="release",
    show_default=True,
    help="How long and how much.",
)
@_deployer_option
@_runs_option
@click.option(
    "--merge",
    type=click.Path(path_type=Path),
    help="A file merged over the plan: tables merge, lists and values replace.",
)
@click.option("--master", is_flag=True, help="Have workers on other hosts drive it.")
@click.option("--expect-workers", type=click.IntRange(min=1), help="How many workers.")
@click.option(
    "--wait",
    "wait_s",
    type=click.IntRange(min=1),
    default=120,
    show_default=True,
    help="Seconds until workers, or their master, have to be there.",
)
@click.option(
    "--bind-host", default="127.0.0.1", show_default=True, help="Where the master listens."
)
@click.option("--journal-to", metavar="URL", help="Where journals go: file:///FOLDER, s3://BUCKET.")
@click.option("--worker", is_flag=True, help="Be a worker of a master on another host.")
@click.option("--master-host", metavar="HOST", help="Where the worker's master is.")
@click.option(
    "--master-port",
    type=click.IntRange(1, 65535),
    default=5557,
    show_default=True,
    help="The port of the master.",
)
@click.option("--name", help="What the worker is called.  [default: its host and process]")
@_json_option
def load_command(release: str | None, as_json: bool, **asked: Any) -> int:
    """Drive the plan's load at RELEASE alone, and judge it.

    Where one host is not enough, one harness is the master and others are its workers: each
    drives its share, and brings its journal to an address that all of them reach.
    """
    from harness.cli.loading import master, worker

    if asked["worker"]:
        return worker(release, asked, as_json)
    outcome = master(release, asked, as_json)
    stream = sys.stderr if as_json else sys.stdout
    with shielded(stream):
        return _answer(outcome.verdict, outcome.run, as_json)


@harness.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("copies", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--partition",
    metavar="N/OF",
    help="Judge one slice of the run's load alone, and keep what it found in the folder.",
)
@_json_option
def judge(run: Path, copies: tuple[Path, ...], partition: str | None, as_json: bool) -> int:
    """Judge the past run in the folder RUN again.

    Offline and from its record alone: the verdict is the same. Where slices of its load were judged
    before, in RUN or in COPIES of it, they are put together, and one that is missing makes the
    verdict inconclusive. With --partition no verdict is given, and the exit code is 0.
    """
    from harness.answer import conclude
    from harness.gate.slicing import Slice, judge_slice, weigh_slices
    from harness.runs import open_run

    folder = open_run(run)
    if partition is not None:
        if copies or as_json:
            raise UsageError("--partition judges one folder, and has no verdict to print")
        for sentence in judge_slice(folder, Slice.parse(partition)):
            click.echo(sentence)
        return 0
    grounds = weigh_slices([folder, *map(open_run, copies)])
    with shielded(sys.stderr if as_json else sys.stdout):
        return _answer(conclude(grounds), folder.path, as_json)


@harness.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--html", "shown", flag_value="report.html", help="Write report.html alone.")
@click.option("--junit", "shown", flag_value="junit.xml", help="Write junit.xml alone.")
@click.option("--markdown", "shown", flag_value="markdown", help="Print the answer as Markdown.")
@click.option("--github", "shown", flag_value="github", help="Print annotations for a workflow.")
@_plan_option
def report(run: Path, shown: str | None, plan: Path) -> int:
    """Write the reports of the folder RUN again.

    Offline and from its record alone: report.html and junit.xml are replaced, and nothing is
    gated: the exit code is 0 whatever the verdict is. Annotations point at files as the plan's
    folder has them.
    """
    from harness.cli.actions import folder_of
    from harness.gate.settling import REPORTS, account_of, write_reports
    from harness.report.github import annotate
    from harness.report.markdown import markdown
    from harness.runs import open_run

    folder = open_run(run)
    if folder.alive():
        raise UsageError(f"the run {folder.id} is still alive; its reports are written at its end")
    account = account_of(folder)
    if shown == "markdown":
        click.echo(markdown(account), nl=False)
        return 0
    if shown == "github":
        for line in annotate(account, folder_of(plan)):
            click.echo(line)
        return 0
    names = (shown,) if shown else REPORTS
    for problem in write_reports(folder, account, names):
        raise EnvironmentBroken(problem)
    for name in names:
        click.echo(folder.path / name)
    return 0


@harness.command()
@_runs_option
@click.option("--json", "as_json", is_flag=True, help="Print the runs as JSON, newest first.")
def history(runs: Path, as_json: bool) -> int:
    """List past runs and what each proved.

    Newest first; a run that was interrupted is told as such. Below them, how verdicts, times and
    saves went.
    """
    from harness.report.history import history_json, history_text, past
    from harness.runs import list_runs

    found = [past(run) for run in list_runs(runs)]
    if as_json:
        click.echo(history_json(found))
    else:
        click.echo(history_text(found, colour=_shows_colour(sys.stdout)), nl=False)
    return 0


@harness.command()
@click.argument("names", nargs=-1)
@_plan_option
@_deployer_option
@click.option(
    "--runs",
    type=click.Path(path_type=Path),
    default=CATALOGUES,
    show_default=True,
    help="Where runs of the catalogue are kept.",
)
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    help="How many releases are gated side by side.  [default: one for two cores]",
)
@click.option("--resume", is_flag=True, help="Take up the newest run; what is done stays done.")
@click.option("--sample", type=click.IntRange(min=1), help="Only that many, another part each day.")
@click.option("--seed", type=click.IntRange(min=0), help="Which part that is.  [default: the day]")
@click.option("--junit", type=click.Path(path_type=Path), help="Write the results as JUnit XML.")
@click.option(
    "--markdown",
    type=click.Path(path_type=Path),
    help="Write the table, into its place where the file has one.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the results alone, as JSON.")
def catalogue(  # noqa: PLR0913 - click passes each option by name
    names: tuple[str, ...],
    plan: Path,
    deployer: str | None,
    runs: Path,
    jobs: int | None,
    resume: bool,
    sample: int | None,
    seed: int | None,
    junit: Path | None,
    markdown: Path | None,
    as_json: bool,
) -> int:
    """Gate releases with a known answer.

    Compare what the gate says of each of NAMES with what it expects; without NAMES, of every
    release of the plan's [catalogue].

    Exit codes: 0 all as expected, 1 a wrong answer, 2 usage or plan, 3 no answer where one is
    expected, 130 interrupted.
    """
    from harness.catalogue import summary
    from harness.catalogue.run import Asked, run_catalogue
    from harness.catalogue.running import default_jobs
    from harness.cli.actions import summarise
    from harness.cli.progress import watcher

    asked = Asked(
        plan=plan,
        runs=runs,
        names=names,
        deployer=deployer,
        jobs_n=jobs or default_jobs(),
        resume=resume,
        sample_n=sample,
        turn=date.today().toordinal() if seed is None else seed,  # noqa: DTZ011 - a day is enough
    )

    if markdown is not None:
        summary.check_page(markdown)
    stream = sys.stdout if in_actions() and not as_json else sys.stderr
    with shielded(stream):
        with watcher(stream) as watch:
            ran = run_catalogue(asked, os.environ, watch)
        told = summary.text(ran.results, ran.whole_n, ran.folder)
        click.echo(told, nl=False, file=sys.stderr if as_json else sys.stdout)
    table = summary.markdown(ran.results, ran.whole_n)
    if markdown is not None:
        _write(markdown, summary.with_table(markdown, ran.results, ran.names))
    if junit is not None:
        _write(junit, summary.junit(ran.results, ran.app))
    summarise(table)
    if as_json:
        turn = asked.turn if sample is not None else None
        whole = json.dumps(summary.to_json(ran.results, ran.whole_n, turn), indent=2)
        click.echo(inert_json(whole) if in_actions() else whole)
    return summary.exit_code(ran.results)


@harness.group()
def plan() -> None:
    """Look at a plan without starting anything."""


@plan.command("check")
@_plan_option
@click.option("--no-env", is_flag=True, help="Do not ask for the plan's environment variables.")
def plan_check(plan: Path, no_env: bool) -> int:
    """Validate the plan and say what it describes."""
    from harness.plan import load_plan

    found = load_plan(plan, os.environ, secrets_required=not no_env)
    found.check_files()
    load = found.load_file()
    forms = found.forms("")
    click.echo(f"{found.path}: valid")
    click.echo(f"app {found.app.name}, deployer {found.release.deployer}")
    for form in forms.values():
        where = form.table or "a query"
        click.echo(f"form {form.name} in {where}: {', '.join(f.name for f in form.fields)}")
    if load is not None and found.load is not None:
        click.echo(f"load {load}, peak {found.load.peak_saves_per_s:g} saves/s")
    click.echo(f"digest {found.digest}")
    return 0


@harness.command()
@click.option("--clean", is_flag=True, help="End and remove what runs that were killed left.")
@_runs_option
def doctor(clean: bool, runs: Path) -> int:
    """Say what this machine lacks for a gate.

    With --clean: clean up after runs that were killed; runs that are alive are left alone.
    """
    from harness import doctor

    if clean:
        for sentence in doctor.clean() or ["nothing was left behind"]:
            click.echo(sentence)
        return 0
    found = doctor.examine(runs)
    for finding in found:
        mark = "ok" if finding.ok else finding.word.upper()
        click.echo(f"{mark:<7}  {finding.name}: {finding.sentence}")
        if not finding.ok and finding.remedy:
            click.echo(f"         {finding.remedy}")
    return 0 if all(finding.ok for finding in found) else 3


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise EnvironmentBroken(f"{path} cannot be written: {error}") from error


def _answer(verdict: object, run: Path, as_json: bool) -> int:
    from harness.report.terminal import render
    from harness.verdict import Verdict, verdict_to_json

    if not isinstance(verdict, Verdict):
        raise TypeError(f"not a verdict: {verdict!r}")
    out = sys.stderr if as_json else sys.stdout
    click.echo(render(verdict, run, colour=_shows_colour(out)), nl=False, file=out)
    if as_json:
        text = json.dumps(verdict_to_json(verdict), indent=2, ensure_ascii=True)
        click.echo(inert_json(text) if in_actions() else text)
    return verdict.verdict.exit_code


def _shows_colour(stream: object) -> bool:
    isatty = getattr(stream, "isatty", lambda: False)
    return bool(isatty()) and "NO_COLOR" not in os.environ
