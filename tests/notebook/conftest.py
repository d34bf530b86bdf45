"""What is here a gate or a canary drives, or --url; these are no tests of this project."""

from pathlib import Path

import pytest


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave the scenarios to whoever drives an application with them."""
    if config.getoption("--url") or config.getoption("--harness-spec"):
        return None
    return True if collection_path.name in ("scenarios", "canaries", "planted") else None
