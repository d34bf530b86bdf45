"""Where a value was last seen right: typed, sent, stored, shown."""

from __future__ import annotations

import re
from collections.abc import Sequence
from hashlib import sha256

from harness.checks.history import Save, Trial
from harness.contracts import LOOSE, canonical
from harness.journal.events import LITERAL, RequestSent
from harness.model import Field, FileValue, Key, Layer, Value

# The first status by which a server says that it did not do what was asked.
_REFUSED = 400
_PARTS = re.compile(r"[^\W]+")


def layer_of_loss(
    trial: Trial | None, save: Save | None, spec: Field, due: Value, found: Value
) -> Layer:
    """The step at which a value that is not in storage was lost.

    The page, where no request of the trial since the save began carried it to a server that took
    it, or where the page itself sent what storage holds in its stead; the server, where one did;
    unknown, where a body was withheld, the page was left behind, which hides what it sent then,
    no page was ever to send the value, or the save was acknowledged by its transport alone.
    """
    if save is None or trial is None:
        return Layer.UNKNOWN
    requests = [request for request in trial.requests if request.at_s >= save.began_s]
    if save.level == "transport" and not requests:
        return Layer.UNKNOWN
    taken = [request for request in requests if _was_taken(trial, request)]
    carriers = [request for request in taken if _carries(request, due)]
    if not carriers:
        withheld = save.level == "leaving" or any(request.opaque for request in requests)
        return Layer.UNKNOWN if withheld or _is_derived(save, spec) else Layer.PAGE
    if _overwritten(requests, carriers[-1], due, found) or _swapped(requests, spec, due, found):
        return Layer.PAGE
    return Layer.SERVER


def _is_derived(save: Save, spec: Field) -> bool:
    """Whether the application makes the value itself: spelled out, and typed into no page."""
    return save.intended.classes.get(spec.name) == LITERAL and not save.typed.get(spec.name)


def _was_taken(trial: Trial, request: RequestSent) -> bool:
    """Whether its page may count on it: what failed or was refused has to be sent once more."""
    status = trial.answers.get(request.request)
    return status is None or 0 < status < _REFUSED


def was_sent_to(trial: Trial, save: Save, name: str, key: Key) -> bool:
    """Whether a request for the record of that key carried what the save wrote in a field."""
    requests = (request for request in trial.requests if request.at_s >= save.began_s)
    return any(
        _carries(request, save.due(name))
        for request in requests
        if set(key) <= set(request.path.split("/"))
    )


def places_of(request: RequestSent, due: Value) -> set[str]:
    """The places of the body that hold the value."""
    if isinstance(due, FileValue):
        pairs = zip(request.leaves, request.digests, strict=False)
        return {path for (path, _), digest in pairs if digest == due.sha256}
    if not isinstance(due, str):
        return set()
    wanted = canonical(due, LOOSE)
    found = {path for path, text in request.leaves if text is not None and _like(text, wanted)}
    long = [
        (path, digest)
        for (path, text), digest in zip(request.leaves, request.digests, strict=False)
        if text is None and digest
    ]
    if long:
        digests = {_digest(due), _digest(wanted), _digest(wanted.replace("\n", "\r\n"))}
        found |= {path for path, digest in long if digest in digests}
    return found


def _carries(request: RequestSent, due: Value) -> bool:
    if isinstance(due, tuple):
        return all(item is None or _carries(request, item) for item in due)
    return bool(places_of(request, due))


def _like(text: str, wanted: str) -> bool:
    return text == wanted or ("\r" in text and canonical(text, LOOSE) == wanted)


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _overwritten(
    requests: Sequence[RequestSent], carrier: RequestSent, due: Value, found: Value
) -> bool:
    """A later request put what storage holds in the very place that had carried the value."""
    if not isinstance(found, str):
        return False
    places = places_of(carrier, due)
    later = [request for request in requests if request.at_s > carrier.at_s]
    return any(places & places_of(request, found) for request in later)


def _swapped(requests: Sequence[RequestSent], spec: Field, due: Value, found: Value) -> bool:
    """The place that is called like the field carried what storage holds, and never the value."""
    names = {spec.name, spec.column}

    def named(value: Value) -> bool:
        paths = {path for request in requests for path in places_of(request, value)}
        return any(names & set(_PARTS.findall(path)) for path in paths)

    return isinstance(found, str) and bool(found) and named(found) and not named(due)
