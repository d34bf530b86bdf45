"""What a release may know of this host: a short list of variables, and where Python is."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

# A release must not see the harness's own variables, a developer's tokens or proxies: what it
# needs stands in the plan.
ALLOWED = frozenset(
    {
        "HOME",
        "LANG",
        "LANGUAGE",
        "LOGNAME",
        "PATH",
        "PYTHONDONTWRITEBYTECODE",
        "PYTHONUTF8",
        "REQUESTS_CA_BUNDLE",
        "SHELL",
        "SSL_CERT_DIR",
        "SSL_CERT_FILE",
        "SYSTEMROOT",
        "TEMP",
        "TMP",
        "TMPDIR",
        "TZ",
        "USER",
        "VIRTUAL_ENV",
    }
)
ALLOWED_PREFIXES = ("LC_",)


def allowed_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The part of the harness's environment that a release gets.

    The folder of the running interpreter comes first on PATH: ``python`` in a plan is the one
    that runs the harness, with the packages installed beside it.
    """
    kept = {
        name: value
        for name, value in environment.items()
        if name in ALLOWED or name.startswith(ALLOWED_PREFIXES)
    }
    folders = [str(Path(sys.executable).parent), kept.get("PATH", os.defpath)]
    # Unbuffered: what a release printed before it was killed must be in its log.
    return kept | {"PATH": os.pathsep.join(folders), "PYTHONUNBUFFERED": "1"}
