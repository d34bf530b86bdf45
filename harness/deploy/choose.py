"""Which deployer runs the releases of a plan."""

from __future__ import annotations

from collections.abc import Mapping

from harness.deploy.engine import engine_version
from harness.deploy.external import ExternalDeployer
from harness.deploy.process import ProcessDeployer
from harness.deploy.releases import check_release_known
from harness.deploy.seams import Deployer
from harness.errors import UsageError
from harness.plan import Plan
from harness.plan.suggest import advice
from harness.runs import RunFolder

__all__ = ["check_release_known", "deployer_for"]

NAMES = ("docker", "compose", "process", "external")
CONTAINERS = ("docker", "compose")


def deployer_for(plan: Plan, run: RunFolder, name: str | None, env: Mapping[str, str]) -> Deployer:
    """The deployer of that name, else the plan's.

    Where the plan asks for containers that cannot be had and has a [release.process], releases
    run as local processes, and the deployer's notice says so. Raises UsageError for an unknown
    name, one that is asked for by name and cannot be had, or one without its section.
    """
    if name is not None and name not in NAMES:
        raise UsageError(f"no deployer is called {name!r}; {advice(name, NAMES)}")
    chosen = name or plan.release.deployer
    if chosen == "external":
        return ExternalDeployer(plan if name is None else plan.with_deployer(name), run)
    if chosen == "process":
        return ProcessDeployer(plan if name is None else plan.with_deployer(name), run, env)
    if name is not None:
        raise UsageError(f"the {name} deployer is not built in this version; use process")
    if plan.release.process is None:
        raise UsageError(
            f"the {chosen} deployer of {plan.path} is not built in this version; "
            "write a [release.process], or use external"
        )
    return ProcessDeployer(plan.with_deployer("process"), run, env, _notice(chosen, env))


def _notice(chosen: str, env: Mapping[str, str]) -> str:
    silent = engine_version(env) is None
    why = "no docker engine answers" if silent else f"{chosen} is not built in this version"
    return f"{why}: releases run as local processes on an embedded PostgreSQL"
