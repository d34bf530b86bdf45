"""The locks install the same bytes everywhere, and say nothing of where they came from."""

import re
from pathlib import Path

import pytest

from tests.project.source import ROOT, committed_files, configuration, relative

LOCKS = (
    "requirements.txt",
    "requirements-dev.txt",
    "clinic/requirements.txt",
)
PIN = re.compile(r"(?P<name>[a-z0-9-]+)(\[[a-z,]+\])?==(?P<version>[^ ;]+)( ; [^\\]+)? \\")
HASH = re.compile(r"    --hash=sha256:[0-9a-f]{64}( \\)?")
COMMENT = re.compile(r" *#.*")
NAME = re.compile(r"[A-Za-z0-9._-]+")
REGISTRY_OPTION = re.compile(
    r"(index[-_]url|find[-_]links|trusted[-_]host|registry)['\"]?[ \t]*[=: \t][ \t]*['\"]?[a-z]+://",
    re.IGNORECASE,
)


def lines(lock: str) -> list[str]:
    """The lines of a lock."""
    return (ROOT / lock).read_text(encoding="utf-8").splitlines()


def pins(lock: str) -> dict[str, set[str]]:
    """Each package of a lock with its versions; markers may ask for several."""
    found: dict[str, set[str]] = {}
    for line in lines(lock):
        if match := PIN.fullmatch(line):
            found.setdefault(match["name"], set()).add(match["version"])
    return found


def names(requirements: list[str]) -> set[str]:
    """The packages that requirements ask for, as locks spell them."""
    matches = (NAME.match(requirement) for requirement in requirements)
    return {re.sub(r"[-_.]+", "-", match[0]).lower() for match in matches if match}


@pytest.mark.parametrize("lock", LOCKS)
def test_locks_hold_pins_and_hashes_alone(lock: str) -> None:
    """A line is a pinned version, a hash or a comment: no option, and no address."""
    strange = [
        line
        for line in lines(lock)
        if "://" in line or not any(each.fullmatch(line) for each in (PIN, HASH, COMMENT))
    ]

    assert [] == strange


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_has_a_hash(lock: str) -> None:
    """Nothing is installed whose bytes are not known."""
    text = lines(lock)
    bare = [
        line
        for line, following in zip(text, [*text[1:], ""], strict=True)
        if PIN.fullmatch(line) and not HASH.fullmatch(following)
    ]

    assert pins(lock)
    assert [] == bare


def test_the_locks_agree() -> None:
    """The versions that are tested are the versions that run."""
    running, developing, image = (pins(lock) for lock in LOCKS)

    assert running == {name: developing.get(name) for name in running}
    assert image == {name: running.get(name) for name in image}


def test_the_running_lock_holds_what_the_project_asks_for() -> None:
    """Every dependency of product, clinic and build is pinned for running."""
    told = configuration()
    asked = names(
        told["project"]["dependencies"]
        + told["project"]["optional-dependencies"]["clinic"]
        + told["dependency-groups"]["build"]
        + told["build-system"]["requires"]
    )

    assert set() == asked - set(pins("requirements.txt"))


def test_the_clinics_lock_holds_the_clinic_alone() -> None:
    """The clinic's image gets what the clinic asks for, and nothing of the product."""
    told = configuration()["project"]
    product = names(told["dependencies"]) - names(told["optional-dependencies"]["clinic"])
    found = set(pins("clinic/requirements.txt"))

    assert set() == names(told["optional-dependencies"]["clinic"]) - found
    assert set() == found & (product - {"click"})  # granian asks for click as well


def test_the_developing_lock_holds_the_tools() -> None:
    """Every tool of the development group is pinned."""
    asked = names(configuration()["dependency-groups"]["dev"])

    assert set() == asked - set(pins("requirements-dev.txt"))


def test_no_file_names_a_registry() -> None:
    """Where packages come from is the business of the machine that installs them."""
    naming = [relative(path) for path in committed_files() if names_a_registry(path)]

    assert [] == naming


def names_a_registry(path: Path) -> bool:
    """Whether a file sets the address of a package registry."""
    return bool(REGISTRY_OPTION.search(path.read_bytes().decode("utf-8", errors="replace")))


@pytest.mark.parametrize(
    "option", ["--index-url", "--extra-index-url", "index_url =", '"registry":', "find-links ="]
)
def test_registry_addresses_are_recognised(tmp_path: Path, option: str) -> None:
    """Every spelling of a registry's address counts."""
    file = tmp_path / "settings"
    file.write_text(f"{option} " + "https" + "://packages.example/simple\n", encoding="utf-8")

    assert names_a_registry(file)
