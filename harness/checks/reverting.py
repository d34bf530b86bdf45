"""Whether an older value that stands where a newer was due came back, or was never replaced."""

from __future__ import annotations

from collections.abc import Iterable

from harness.checks.history import Save, Trial
from harness.checks.layers import places_of
from harness.journal.events import RequestSent
from harness.model import Value


def was_sent_back(trial: Trial | None, save: Save, due: Value, found: Value) -> bool:
    """The page sent both, in the same place of its body: the newer value and the one found.

    Nothing can come back only by being sent last; an older text may also have arrived too late.
    """
    requests = _since(trial, save)
    carriers = [request for request in requests if places_of(request, due)]
    if not carriers or not isinstance(found, str):
        return False
    places = set().union(*(places_of(request, due) for request in carriers))
    for request in requests:
        again = request.at_s > carriers[-1].at_s or bool(found)
        if again and places & places_of(request, found):
            return True
    return False


def was_written_after(trial: Trial | None, save: Save, due: Value) -> bool:
    """The page sent the value, was told it is stored, and then sent something else."""
    requests = _since(trial, save)
    carried = any(places_of(request, due) for request in requests)
    return carried and any(
        request.at_s > save.over_s and not places_of(request, due) for request in requests
    )


def _since(trial: Trial | None, save: Save) -> list[RequestSent]:
    sent: Iterable[RequestSent] = trial.requests if trial else ()
    return [request for request in sent if request.at_s >= save.began_s]
