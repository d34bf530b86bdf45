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

    The page, where no request of the trial since the save began carried it to the server, where
    one that was refused was sent again without it, or where the page itself sent what storage
    holds in its stead; the server, where one carried it; unknown, where a body was withheld, the
    page was left behind, which hides what it sent then, no page was ever to send the value, or the
    save was acknowledged by its transport alone. What stands in storage, if once too often, has
    come there: a page is not accused of it that was seen to send nothing.
    """
    if save is None or trial is None:
        return Layer.UNKNOWN
    requests = [request for request in trial.requests if request.at_s >= save.began_s]
    if save.level == "transport" and not requests:
        return Layer.UNKNOWN
    arrived = [request for request in requests if trial.answers.get(request.request) != 0]
    carriers = [request for request in arrived if _carries(request, due)]
    if due == found:
        return Layer.SERVER if carriers else Layer.UNKNOWN
    if not carriers:
        withheld = save.level == "leaving" or any(request.opaque for request in requests)
        return Layer.UNKNOWN if withheld or _is_derived(save, spec) else Layer.PAGE
    if _overwritten(requests, carriers[-1], due, found) or _swapped(requests, spec, due, found):
        return Layer.PAGE
    return Layer.PAGE if _sent_without(trial, arrived, carriers) else Layer.SERVER


def _is_derived(save: Save, spec: Field) -> bool:
    """Whether the application makes the value itself: spelled out, and typed into no page."""
    return save.intended.classes.get(spec.name) == LITERAL and not save.typed.get(spec.name)


def _sent_without(
    trial: Trial, arrived: Sequence[RequestSent], carriers: Sequence[RequestSent]
) -> bool:
    """Whether all that carried it was refused, and the page then sent the same without it."""
    if any(not _was_refused(trial, request) for request in carriers):
        return False
    last = carriers[-1]
    return any(
        request.at_s > last.at_s
        and (request.method, request.path) == (last.method, last.path)
        and not _was_refused(trial, request)
        for request in arrived
    )


def _was_refused(trial: Trial, request: RequestSent) -> bool:
    return (trial.answers.get(request.request) or 0) >= _REFUSED


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
