"""How runs are named: sortable by time, and with a short tag for traceable values."""

from __future__ import annotations

import re
import secrets
from datetime import UTC, datetime

TAG_CHARS = "0123456789abcdefghijklmnopqrstuvwxyz"
TAG_LENGTH = 4
RUN_ID = re.compile(r"\d{8}-\d{6}-[0-9a-z]{4}")


def new_run_id() -> str:
    """UTC time to the second and four random base-36 characters, as ``20261123-141339-k7f2``."""
    tag = "".join(secrets.choice(TAG_CHARS) for _ in range(TAG_LENGTH))
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{tag}"


def is_run_id(name: str) -> bool:
    """Whether a folder of that name can be a run."""
    return RUN_ID.fullmatch(name) is not None
