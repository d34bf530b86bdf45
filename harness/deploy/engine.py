"""Whether a docker engine answers on this host."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping

ENGINE_S_MAX = 10.0


def engine_version(env: Mapping[str, str]) -> str | None:
    """The engine's version as the docker client is told it; None where none answers."""
    try:
        done = subprocess.run(
            ["docker", "version", "--format", "{{.Server.Version}}"],
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=ENGINE_S_MAX,
            check=False,
            env=dict(env),
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    version = done.stdout.strip()
    return version if done.returncode == 0 and version else None
