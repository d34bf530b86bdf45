"""Tests of containers run where an engine answers, and always where one is required."""

from __future__ import annotations

import os
from functools import cache

import pytest

from harness.deploy.engine import engine_address, engine_version

# Set where no test may be left out.
REQUIRED = "HARNESS_TESTS_REQUIRE_DOCKER"


@cache
def engine_is_wanting() -> bool:
    """Whether tests of containers are left out here."""
    return REQUIRED not in os.environ and engine_version(os.environ) is None


def pytest_report_header() -> str | None:
    """Say what is left out, and why."""
    if not engine_is_wanting():
        return None
    address = engine_address(os.environ)
    return f"docker: no engine answers at {address}, so tests marked docker are left out"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave them out where there is no engine; deselected, because a skipped test is no proof."""
    marked = [item for item in items if item.get_closest_marker("docker")]
    for item in items:
        # Chromium drops its requests while a container's network comes or goes on the host.
        together = item.get_closest_marker("docker") or item.get_closest_marker("e2e")
        if together and not item.get_closest_marker("xdist_group"):
            item.add_marker(pytest.mark.xdist_group("e2e"))
    if marked and engine_is_wanting():
        config.hook.pytest_deselected(items=marked)
        items[:] = [item for item in items if item not in marked]
