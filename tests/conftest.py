"""Tests of containers and of Prometheus run where those are, and always where they are required."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from dashboards.programs import NAMES, find
from harness.deploy.engine import engine_address, engine_version

# Where docker looks for its plugins; calling it would cost each test process a tenth of a second.
PLUGINS = (
    Path.home() / ".docker",
    *(Path(root) / "docker" for root in ("/usr/local/lib", "/usr/local/libexec", "/usr/lib",
                                         "/usr/libexec")),
)  # fmt: skip
# Set where no test may be left out.
DOCKER_REQUIRED = "HARNESS_TESTS_REQUIRE_DOCKER"
PROMETHEUS_REQUIRED = "HARNESS_TESTS_REQUIRE_PROMETHEUS"
NEEDS = ("docker", "prometheus")


@cache
def engine_is_wanting() -> bool:
    """Whether tests of containers are left out here."""
    return DOCKER_REQUIRED not in os.environ and engine_version(os.environ) is None


@cache
def compose_is_wanting() -> bool:
    """Whether tests of what docker compose reads are left out here."""
    there = any((folder / "cli-plugins" / "docker-compose").exists() for folder in PLUGINS)
    return DOCKER_REQUIRED not in os.environ and not (there and shutil.which("docker"))


@cache
def programs_wanting() -> list[str]:
    """The programs of Prometheus that are missing here, if that is why tests are left out."""
    if PROMETHEUS_REQUIRED in os.environ:
        return []
    return [name for name in NAMES if not find(name)]


def left_out() -> Iterator[tuple[str, str]]:
    """Every marker whose tests are left out, and why."""
    if engine_is_wanting():
        yield "docker", f"no engine answers at {engine_address(os.environ)}"
    if compose_is_wanting():
        yield "compose", "no docker compose is installed"
    if programs_wanting():
        yield "prometheus", f"{', '.join(programs_wanting())} not installed (.ci/engine watchers)"


def pytest_report_header() -> list[str]:
    """Say what is left out, and why."""
    return [f"{what}: {why}, so tests marked {what} are left out" for what, why in left_out()]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave them out where they cannot run; deselected, because a skipped test is no proof."""
    for item in items:
        # Chromium drops its requests while a container's network comes or goes on the host.
        together = item.get_closest_marker("docker") or item.get_closest_marker("e2e")
        if together and not item.get_closest_marker("xdist_group"):
            item.add_marker(pytest.mark.xdist_group("e2e"))
    needy = [item for item in items if any(map(item.get_closest_marker, NEEDS))]
    if not needy:
        # The scenarios of a gate are collected below this file too, three times in each.
        return
    wanting = [what for what, _ in left_out()]
    without = [item for item in needy if any(map(item.get_closest_marker, wanting))]
    if without:
        config.hook.pytest_deselected(items=without)
        items[:] = [item for item in items if item not in without]
