"""Files of which storage holds only the path."""

from __future__ import annotations

import hashlib
from pathlib import Path

from harness.errors import StorageUnreadable
from harness.model import ABSENT, FileValue, Value


def file_of(content: bytes) -> FileValue:
    """The file with that content."""
    return FileValue(len(content), hashlib.sha256(content).hexdigest())


def file_at(path: Path) -> Value:
    """The file at that path, read in pieces; ABSENT where there is none.

    Raises StorageUnreadable where something is there that cannot be read.
    """
    try:
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256")
            return FileValue(stream.tell(), digest.hexdigest())
    except (FileNotFoundError, NotADirectoryError):
        return ABSENT
    except (OSError, ValueError) as error:
        raise StorageUnreadable(f"the stored file {path} cannot be read: {error}") from error
