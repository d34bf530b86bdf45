"""Pictures of a failing page for a report: screenshots, or the last frame of a trace."""

from __future__ import annotations

import base64
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from harness.exhibits import Exhibit

PICTURES_MAX = 6
PICTURE_BYTES_MAX = 400_000
_KINDS = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture as a data URI, and the file of the run it was taken from."""

    path: str
    uri: str


def pictures(exhibit: Exhibit, run: Path) -> Iterator[Picture]:
    """The exhibit's screenshots, and where there is none the last frame of its trace.

    What is missing, too big, no picture or outside the run's folder is left out.
    """
    found = False
    for path in exhibit.screenshots:
        data = _read(run, path)
        if data is not None and (uri := data_uri(data)):
            found = True
            yield Picture(path, uri)
    for path in () if found else exhibit.traces[:1]:
        data = _last_frame(run, path)
        if data is not None and (uri := data_uri(data)):
            yield Picture(path, uri)


def data_uri(data: bytes) -> str | None:
    """The picture as a data URI; None for anything that is not PNG or JPEG by its first bytes."""
    for magic, kind in _KINDS.items():
        if data.startswith(magic):
            return f"data:{kind};base64,{base64.b64encode(data).decode('ascii')}"
    return None


def _within(run: Path, name: str) -> Path | None:
    try:
        path = (run / name).resolve()
    except (OSError, ValueError):  # no file can be called so
        return None
    return path if path.is_relative_to(run.resolve()) else None


def _read(run: Path, name: str) -> bytes | None:
    path = _within(run, name)
    try:
        if path is None or path.stat().st_size > PICTURE_BYTES_MAX:
            return None
        return path.read_bytes()
    except (OSError, ValueError):
        return None


def _last_frame(run: Path, name: str) -> bytes | None:
    """The newest frame of the trace's recording; its frames are named after their time."""
    path = _within(run, name)
    if path is None:
        return None
    try:
        with zipfile.ZipFile(path) as trace:
            frames = [
                info
                for info in trace.infolist()
                if info.filename.endswith(".jpeg") and info.file_size <= PICTURE_BYTES_MAX
            ]
            last = max(frames, key=lambda info: info.filename.rpartition("-")[2], default=None)
            return trace.read(last) if last else None
    except (OSError, ValueError, zipfile.BadZipFile, zlib.error, NotImplementedError):
        return None
