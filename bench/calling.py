"""Another program to its end, for which it is given the time also where nobody waits for it."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

# What a gate has started takes a while to end.
ENDS_S_MAX = 30.0


def call(
    command: Sequence[str], cwd: Path, timeout_s_max: float, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run it to its end, and keep what it says.

    A call that is cut short asks it to end, and kills it only where it does not. Raises
    subprocess.TimeoutExpired where it took longer than timeout_s_max.
    """
    with subprocess.Popen(
        command,
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            out, err = process.communicate(timeout=timeout_s_max)
        except BaseException:
            try:
                process.terminate()
                with suppress(subprocess.TimeoutExpired):
                    process.communicate(timeout=ENDS_S_MAX)
            finally:
                # Also where a second signal cuts the wait; what has ended is not touched by it.
                process.kill()
                process.wait()
            raise
    return subprocess.CompletedProcess(command, process.returncode, out, err)
