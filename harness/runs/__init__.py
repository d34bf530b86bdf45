"""A run's folder, and the lease beside it that lets a later run clean up after a crash."""

from harness.runs.abandoned import Abandoned, clean_abandoned, find_abandoned
from harness.runs.folder import RunFolder, create_run, list_runs, open_run
from harness.runs.lease import RUN_VARIABLE, Lease, open_lease

__all__ = [
    "RUN_VARIABLE",
    "Abandoned",
    "Lease",
    "RunFolder",
    "clean_abandoned",
    "create_run",
    "find_abandoned",
    "list_runs",
    "open_lease",
    "open_run",
]
