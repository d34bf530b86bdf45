"""Releases: overlays whose files shadow the clean ones.

A release is a folder under `releases/`. A Python module, a template, a static file or a migration
that lies in it takes the place of the clean one of the same name.
"""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import clinic
from clinic.errors import ReleaseUnknown

HOME = Path(__file__).parent
DEFAULT = "1.1.0"
VARIABLE = "CLINIC_RELEASE"


@dataclass(frozen=True)
class Release:
    """One version of the clinic; `migrations` is the number of the last one it knows."""

    name: str
    mechanism: str
    expect: str
    migrations: str
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """Where the files that differ lie."""
        return HOME / "releases" / self.name

    def folders(self, kind: str) -> list[Path]:
        """Folders of templates, static files or migrations, the shadowing one first."""
        overlay = self.folder / kind
        return [overlay, HOME / kind] if overlay.is_dir() else [HOME / kind]


def every() -> list[Release]:
    """All releases, by name."""
    return [find(path.parent.name) for path in sorted(HOME.glob("releases/*/release.toml"))]


def find(name: str) -> Release:
    """The release of that name; raises ReleaseUnknown."""
    path = HOME / "releases" / name / "release.toml"
    if Path(name).name != name or not path.is_file():
        known = ", ".join(sorted(p.parent.name for p in HOME.glob("releases/*/release.toml")))
        raise ReleaseUnknown(f"There is no release {name!r}. Known releases: {known}.")
    details = tomllib.loads(path.read_text("utf-8"))
    return Release(
        name, details["mechanism"], details["expect"], details["migrations"], details=details
    )


def chosen() -> str:
    """The release named by the environment, else the newest clean one."""
    return os.environ.get(VARIABLE) or DEFAULT


def activate(name: str) -> Release:
    """Let the release's modules shadow the clean ones, before any of them is imported."""
    release = find(name)
    overlay = str(release.folder)
    if overlay not in clinic.__path__:
        clinic.__path__.insert(0, overlay)
    os.environ[VARIABLE] = name
    return release


def active() -> Release:
    """The release this process runs."""
    return find(chosen())
