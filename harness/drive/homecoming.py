"""How the journals of a load's workers come home: over an address that all hosts can reach.

The address is a folder that they share or a bucket, whatever fsspec reads: ``file:///mnt/runs``,
``s3://bucket/runs``. Each journal is followed by a note with its digest, so that one that is half
there is never taken for whole, and with how busy its generator was.
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from harness.errors import DriveFailed, EnvironmentBroken, UsageError
from harness.hiding import without_user

PATTERN = "load-*.acts"
NOTE = ".home.json"
TERMS = "terms.json"
POLL_S = 0.5
CHUNK_BYTES = 1 << 20
# Errors that are no OSError, by the modules that have them once such an address is read.
_FOREIGN = (
    ("botocore.exceptions", "BotoCoreError"),
    ("botocore.exceptions", "ClientError"),
    ("google.auth.exceptions", "GoogleAuthError"),
    ("azure.core.exceptions", "AzureError"),
    ("aiohttp", "ClientError"),
    ("webdav4.client", "ClientError"),
    ("httpx", "HTTPError"),
    ("paramiko.ssh_exception", "SSHException"),
    ("smbprotocol.exceptions", "SMBException"),
    ("ftplib", "Error"),
)


@dataclass(frozen=True, slots=True)
class Home:
    """The folder of one run at such an address; raises EnvironmentBroken where it fails."""

    url: str

    def __str__(self) -> str:
        """The address, without who may use it."""
        return without_user(self.url)

    def prepare(self) -> None:
        """Prove that the address can be written and read, before anything is started.

        Raises UsageError where nothing here reads such an address.
        """
        mark = b"the journals of a load come here\n"
        self._try("written", lambda fs, path: _begin(fs, path, mark))
        if self._try("read", lambda fs, path: fs.cat_file(f"{path}/{TERMS}")) != mark:
            raise EnvironmentBroken(f"{self} does not give back what was written there")

    def find(self) -> None:
        """Make sure that a master prepared this folder, as far as it may be read from here.

        Raises UsageError where nothing here reads such an address.
        """
        self._try("found", _look)

    def send(self, folder: Path, generator_busy: float | None = None) -> list[str]:
        """Bring every journal of that folder there; gives their names.

        generator_busy is how busy whoever wrote them was, None where nobody knows.
        """
        # Many an address makes whatever folder is missing: a wrong one, where nobody looks.
        self.find()
        names = []
        for path in sorted(folder.glob(PATTERN)):
            digest = _digest(path)
            said = {"sha256": digest, "bytes": path.stat().st_size, "busy": generator_busy}
            note = json.dumps(said).encode("ascii")

            def put(fs: Any, home: str, path: Path = path, note: bytes = note) -> None:
                fs.put_file(str(path), f"{home}/{path.name}")
                fs.pipe_file(f"{home}/{path.name}{NOTE}", note)

            self._try("written", put)
            names.append(path.name)
        return names

    def fetch(self, into: Path, journals_n: int, wait_s: float) -> float | None:
        """Wait until so many journals are there, and bring them into that folder.

        Gives how busy the busiest generator was, None where one of them does not say. Those that
        are there are brought even where others are missing; then raises DriveFailed.
        """
        end_s = time.monotonic() + wait_s
        found = self._notes()
        while len(found) < journals_n and time.monotonic() < end_s:
            time.sleep(POLL_S)
            found = self._notes()
        shares = self._try("read", lambda fs, home: _get(fs, home, into, found))
        if len(found) < journals_n:
            raise DriveFailed(
                f"{len(found)} of {journals_n} journals of the load came home to {self} "
                f"within {wait_s:g} s; what a worker kept stands in its own .harness/workers"
            )
        return None if None in shares else max(shares, default=None)

    def _notes(self) -> list[str]:
        def names(fs: Any, home: str) -> list[str]:
            fs.invalidate_cache()
            listed = (str(path).rpartition("/")[2] for path in fs.ls(home, detail=False))
            whole = (name.removesuffix(NOTE) for name in listed if name.endswith(NOTE))
            return sorted(name for name in whole if fnmatch(name, PATTERN))

        return list(self._try("read", names))

    def _try(self, act: str, what: Callable[[Any, str], Any]) -> Any:
        import fsspec  # costs every other command a tenth of a second

        try:
            fs, path = fsspec.core.url_to_fs(self.url)
        except (ImportError, ValueError) as error:
            raise UsageError(
                f"nothing here reads {self}: {without_user(str(error))}; write file:///FOLDER, or "
                "install what reads it"
            ) from None
        except _raised() as error:
            raise self._broken(act, error) from None
        try:
            return what(fs, path)
        except _raised() as error:
            raise self._broken(act, error) from None

    def _broken(self, act: str, error: Exception) -> EnvironmentBroken:
        # Without its cause, whose words may hold who may use the address.
        told = without_user(str(error)) or type(error).__name__
        return EnvironmentBroken(f"{self} cannot be {act}: {told}")


def _raised() -> tuple[type[Exception], ...]:
    """What an address may raise: the usual, and what the packages of buckets add that are here."""
    own = (getattr(sys.modules.get(module), name, None) for module, name in _FOREIGN)
    usual = (OSError, EOFError, ValueError, LookupError, TypeError, RuntimeError)
    return (*usual, *(kind for kind in own if kind is not None))


def _begin(fs: Any, home: str, mark: bytes) -> None:
    """Write the first file of the run's folder, which is made where the address has folders.

    A path that does not begin with a slash may begin with the name of a bucket, of which a
    mistyped one is an error and never made: what stands first there has to be there already. In
    a bucket whoever may write needs no folder, and may have no right to look for one.
    """
    path = f"{home}/{TERMS}"
    if home.startswith("/"):
        fs.makedirs(home, exist_ok=True)
        fs.pipe_file(path, mark)
        return
    try:
        fs.pipe_file(path, mark)
    except _raised():
        parts = home.split("/")
        for count in range(2, len(parts) + 1):
            # What goes wrong here, be it that the folder is there, is told by what comes of it.
            with suppress(*_raised()):
                fs.mkdir("/".join(parts[:count]), create_parents=False)
        fs.pipe_file(path, mark)


def _look(fs: Any, home: str) -> None:
    """Raise FileNotFoundError without the first file; who may write alone cannot tell."""
    try:
        fs.cat_file(f"{home}/{TERMS}")
    except FileNotFoundError:
        raise FileNotFoundError(
            f"its master's {TERMS} is not there; give every host the same folder or bucket"
        ) from None
    except _raised():
        return


def _get(fs: Any, home: str, into: Path, names: Sequence[str]) -> list[float | None]:
    shares = []
    for name in names:
        remote, part = f"{home}/{name}", into / f"{name}.part"
        digest, busy = _noted(remote, fs.cat_file(remote + NOTE))
        fs.get_file(remote, str(part))
        if _digest(part) != digest:
            raise ValueError(f"{remote} is not what its worker sent")
        part.replace(into / name)
        shares.append(busy)
    return shares


def _noted(remote: str, text: bytes) -> tuple[str, float | None]:
    """The digest of a journal, and how busy its generator was."""
    try:
        note = json.loads(text)
        busy = note.get("busy")
        return str(note["sha256"]), None if busy is None else float(busy)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{remote}{NOTE} is no note of a worker: {error!r}") from error


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()
