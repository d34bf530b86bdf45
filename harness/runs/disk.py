"""What the file system refuses, said so that its reader knows what to do next."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from pathlib import Path

from harness.errors import EnvironmentBroken

PRIVATE = 0o700


def broken_disk(what: str, path: Path, error: OSError) -> EnvironmentBroken:
    """The error for an action on path that the file system refused.

    what continues "cannot be", as in "created".
    """
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        why = f"no space is left on its disk ({free_mb(path)} MB free); free some and run again"
    elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        why = f"{error.strerror}; make the folder writable for this user or name another one"
    else:
        why = error.strerror or str(error)
    return EnvironmentBroken(f"{path} cannot be {what}: {why}")


def free_mb(path: Path) -> int:
    """Megabytes (10^6 bytes) free for this user on the disk that holds path, or would hold it."""
    existing = next(p for p in (path, *path.absolute().parents) if p.exists())
    return shutil.disk_usage(existing).free // 1_000_000


def make_private(folder: Path) -> None:
    """Make the folder, readable by this user alone; raises EnvironmentBroken."""
    try:
        folder.mkdir(mode=PRIVATE)
    except OSError as error:
        raise broken_disk("created", folder, error) from error


def provide(folder: Path) -> None:
    """Have the folder there, made for this user alone if it is not; raises EnvironmentBroken."""
    try:
        folder.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
    except OSError as error:
        raise broken_disk("created", folder, error) from error


def write_whole(path: Path, data: bytes) -> None:
    """Replace the file's content in one step, durably: whole or not at all.

    Raises EnvironmentBroken; the old content is then still there.
    """
    temporary = None
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        Path(temporary).replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
        raise broken_disk("written", path, error) from error


def _sync_folder(folder: Path) -> None:
    """The new name itself must survive a power loss too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
