"""Which processes have ended."""

from __future__ import annotations

import subprocess
import sys
import time

import psutil

from harness.runs.processes import is_gone

# Its first thread ends, and another one goes on.
GOES_ON = """
import ctypes, threading, time
threading.Thread(target=time.sleep, args=(60,)).start()
ctypes.CDLL(None).pthread_exit(None)
"""


def test_a_process_goes_on_without_its_first_thread() -> None:
    """It looks as if it had ended; once it has it is gone, whether anybody has asked for it."""
    started = subprocess.Popen([sys.executable, "-c", GOES_ON])
    process = psutil.Process(started.pid)
    try:
        while process.status() != psutil.STATUS_ZOMBIE:
            time.sleep(0.01)
        assert not is_gone(process)
        started.kill()
        while process.num_threads() > 1:
            time.sleep(0.01)
        assert is_gone(process)
    finally:
        started.kill()
        started.wait()
