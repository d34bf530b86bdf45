"""What users install is the product, all of it, and nothing else."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.project.source import ROOT, python_files, relative

BUILD_TIMEOUT_S = 120


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The product's wheel, built from this tree without any download."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        timeout=BUILD_TIMEOUT_S,
    )
    (built,) = folder.glob("*.whl")
    return zipfile.ZipFile(built)


def test_the_wheel_holds_the_whole_product(wheel: zipfile.ZipFile) -> None:
    """Every module of the product is in the wheel, and so is the marker for type checkers."""
    expected = {relative(path) for path in python_files("harness")} | {"harness/py.typed"}

    assert set() == expected - set(wheel.namelist())


def test_the_wheel_holds_nothing_else(wheel: zipfile.ZipFile) -> None:
    """Neither clinic nor scenarios nor tests reach a user's machine."""
    tops = {Path(name).parts[0] for name in wheel.namelist()}

    assert {"harness"} == {top for top in tops if not top.endswith(".dist-info")}


def test_the_wheel_brings_the_command_and_the_plugin(wheel: zipfile.ZipFile) -> None:
    """Installing is enough for the command line and for pytest's fixtures."""
    (name,) = [name for name in wheel.namelist() if name.endswith("entry_points.txt")]
    text = wheel.read(name).decode()

    assert "harness = harness.cli:main" in text
    assert "harness = harness.plugin" in text
