"""Imports point down only, and what judges reaches nothing that acts."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.project.source import (
    ROOT,
    configuration,
    imported_modules,
    is_within,
    place,
    python_files,
    tree,
)

LINT_TIMEOUT_S = 120
LINT = "import sys; from importlinter.cli import lint_imports_command as lint; sys.exit(lint())"


def contracts() -> list[dict[str, Any]]:
    """The contracts that pyproject.toml holds."""
    found = configuration()["tool"]["importlinter"]["contracts"]
    assert isinstance(found, list)
    return found


def contract(start: str) -> dict[str, Any]:
    """The one contract whose name starts so."""
    (found,) = [each for each in contracts() if each["name"].startswith(start)]
    return found


def files_of(module: str) -> list[Path]:
    """The files of a module, whether it is one file or a folder."""
    path = ROOT.joinpath(*module.split("."))
    return (
        [path.with_suffix(".py")]
        if path.with_suffix(".py").exists()
        else python_files(module.replace(".", "/"))
    )


def test_every_contract_is_kept() -> None:
    """The import layers that the design draws are those that the code has."""
    done = subprocess.run(
        [sys.executable, "-c", LINT, "--no-cache", "--no-logo"],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        timeout=LINT_TIMEOUT_S,
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_every_module_has_its_layer() -> None:
    """The layers are exhaustive, so that no module is left out of the check."""
    assert contract("Imports point down")["exhaustive"] is True


@pytest.mark.parametrize("module", ["harness.checks", "harness.model"])
def test_what_judges_imports_nothing_that_acts(module: str) -> None:
    """No file of this module imports a clock, chance, network or processes, in no spelling."""
    forbidden = contract("What judges")["forbidden_modules"]
    reaching = [
        f"{place(path, node)} imports {name}"
        for path in files_of(module)
        for node, name in imported_modules(tree(path))
        if any(is_within(name, each) for each in forbidden)
    ]

    assert [] == reaching


@pytest.mark.parametrize("folder", ["harness", "clinic", "scenarios", "canaries"])
def test_product_and_clinic_are_strangers(folder: str) -> None:
    """The product imports nothing of the clinic's, and the clinic nothing of the product's."""
    forbidden = {
        "harness": ["clinic", "scenarios", "canaries", "locust", "gevent"],
        "clinic": ["harness", "scenarios", "canaries", "locust", "gevent"],
        "scenarios": ["clinic"],
        "canaries": ["clinic"],
    }[folder]
    reaching = [
        f"{place(path, node)} imports {name}"
        for path in python_files(folder)
        for node, name in imported_modules(tree(path))
        if any(is_within(name, each) for each in forbidden)
    ]

    assert [] == reaching
