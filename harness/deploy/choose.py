"""Which deployer runs the releases of a plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from harness.deploy.engine import EngineMissing
from harness.deploy.external import ExternalDeployer
from harness.deploy.process import ProcessDeployer
from harness.deploy.releases import check_release_known
from harness.deploy.seams import Deployer
from harness.errors import EnvironmentBroken, UsageError
from harness.plan import Plan
from harness.runs import RunFolder
from harness.suggest import advice

__all__ = ["check_release_known", "deployer_for"]

NAMES = ("docker", "compose", "process", "external")
INSTEAD = "releases run as local processes on an embedded PostgreSQL"


def deployer_for(
    plan: Plan,
    run: RunFolder,
    name: str | None,
    env: Mapping[str, str],
    releases: Sequence[str] = (),
) -> Deployer:
    """The deployer of that name, else the plan's; images of the releases are had at once.

    Where the plan asks for containers that cannot be had and has a [release.process], releases
    run as local processes, and the deployer's notice says so. Raises UsageError for an unknown
    name or one without its section, EnvironmentBroken where containers that were asked for by
    name cannot be had.
    """
    if name is not None and name not in NAMES:
        raise UsageError(f"no deployer is called {name!r}; {advice(name, NAMES)}")
    chosen = name or plan.release.deployer
    asked = plan if name is None else plan.with_deployer(name)
    if chosen == "external":
        return ExternalDeployer(asked, run)
    if chosen == "process":
        return ProcessDeployer(asked, run, env)
    try:
        return _containers(asked, run, env, releases)
    except EnvironmentBroken as error:
        if name is not None or plan.release.process is None:
            raise
        return ProcessDeployer(plan.with_deployer("process"), run, env, _notice(error))


def _containers(
    plan: Plan, run: RunFolder, env: Mapping[str, str], releases: Sequence[str]
) -> Deployer:
    # The engine's client is a heavy import that other deployers do without.
    from harness.deploy.compose import ComposeDeployer
    from harness.deploy.docker import DockerDeployer

    kind = ComposeDeployer if plan.release.deployer == "compose" else DockerDeployer
    deployer = kind(plan, run, env)
    deployer.obtain(*releases)
    return deployer


def _notice(error: EnvironmentBroken) -> str:
    if isinstance(error, EngineMissing):
        return f"no docker engine answers: {INSTEAD}"
    return f"{str(error).partition(' (')[0]}: {INSTEAD}"
