"""Which releases there are, and the bytes that a name stands for."""

from __future__ import annotations

import glob
import re
import subprocess
from pathlib import Path

from harness.errors import UsageError
from harness.model import Release
from harness.plan import Plan, expand
from harness.suggest import nearest

GIT_S_MAX = 10.0
LISTED_MAX = 20
_MARK = "\0"


def check_release_known(plan: Plan, name: str) -> None:
    """Raises UsageError where the plan says how to tell and there is no such release."""
    if plan.release.exists is None:
        return
    path = expand(plan.release.exists, release=name)
    if name and (plan.folder / path).exists():
        return
    known = known_releases(plan)
    meant = nearest(name, known)
    shown = ", ".join(known[:LISTED_MAX]) + (", ..." if len(known) > LISTED_MAX else "")
    hint = f"nearest: {meant}" if meant else f"there are: {shown or 'none'}"
    raise UsageError(f"unknown release {name!r}: {path} does not exist; {hint}")


def known_releases(plan: Plan) -> list[str]:
    """The releases whose path exists, in alphabetical order; none where the plan has no exists."""
    if plan.release.exists is None:
        return []
    text = expand(plan.release.exists, release=_MARK)
    parts = text.split(_MARK)
    pattern = "*".join(glob.escape(part) for part in parts)
    # A name that stands in the path twice is the same both times.
    spelled = re.escape(parts[0]) + "".join(
        ("(?P<release>[^/]+)" if n == 0 else "(?P=release)") + re.escape(part)
        for n, part in enumerate(parts[1:])
    )
    found = glob.glob(pattern, root_dir=plan.folder)  # noqa: PTH207 - it may be absolute
    matches = (re.fullmatch(spelled, path) for path in found)
    return sorted({match["release"] for match in matches if match and len(parts) > 1})


def identify(plan: Plan, name: str) -> Release:
    """The release with the commit of the plan's folder, "-dirty" where files differ from it.

    The commit is None where the folder is not in a git checkout that this user may read.
    """
    commit = _git(plan.folder, "rev-parse", "HEAD")
    if commit is None:
        return Release(name)
    changed = _git(plan.folder, "status", "--porcelain", "--untracked-files=no")
    return Release(name, commit=commit if changed == "" else f"{commit}-dirty")


def _git(folder: Path, *words: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *words],
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=GIT_S_MAX,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
