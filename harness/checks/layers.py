"""Where a value was last seen right: typed, sent, stored, shown."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from harness.checks.history import Save, Trial
from harness.contracts import Contract, canonical, same
from harness.journal.events import RequestSent
from harness.model import FileValue, Layer, Value

_LOOSE = Contract(newline="any")


def layer_of_loss(trial: Trial, save: Save | None, name: str, due: Value, found: Value) -> Layer:
    """The step at which a value that is not in storage was lost.

    The page, where no request of the trial since the save began carried it, or where a later
    request overwrote the same place with what storage holds; the server, where one carried it;
    unknown, where a body was withheld, or the save was acknowledged by its transport alone.
    """
    if save is None:
        return Layer.UNKNOWN
    requests = [request for request in trial.requests if request.at_s >= save.began_s]
    if save.level == "transport" and not requests:
        return Layer.UNKNOWN
    if save.typed.get(name) and not same(save.intended.values[name], due, _LOOSE):
        return Layer.PAGE
    carriers = [request for request in requests if _carries(request, due)]
    if not carriers:
        withheld = any(request.opaque for request in requests)
        return Layer.UNKNOWN if withheld else Layer.PAGE
    return Layer.PAGE if _overwritten(requests, carriers[-1], due, found) else Layer.SERVER


def _carries(request: RequestSent, due: Value) -> bool:
    if isinstance(due, tuple):
        return all(item is None or _carries(request, item) for item in due)
    return bool(_paths(request, due))


def _paths(request: RequestSent, due: Value) -> set[str]:
    """The places of the body that hold the value."""
    if isinstance(due, FileValue):
        pairs = zip(request.leaves, request.digests, strict=False)
        return {path for (path, _), digest in pairs if digest == due.sha256}
    if not isinstance(due, str):
        return set()
    wanted = canonical(due, _LOOSE)
    digests = {_digest(due), _digest(wanted), _digest(wanted.replace("\n", "\r\n"))}
    found = {path for path, text in request.leaves if text is not None and _like(text, wanted)}
    pairs = zip(request.leaves, request.digests, strict=False)
    return found | {path for (path, text), digest in pairs if text is None and digest in digests}


def _like(text: str, wanted: str) -> bool:
    return canonical(text, _LOOSE) == wanted


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _overwritten(
    requests: Sequence[RequestSent], carrier: RequestSent, due: Value, found: Value
) -> bool:
    """A later request put what storage holds in the very place that had carried the value."""
    places = _paths(carrier, due)
    if not isinstance(found, str):
        return False
    later = [request for request in requests if request.at_s > carrier.at_s]
    return any(places & _paths(request, found) for request in later)
