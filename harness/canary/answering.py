"""Which release answered a save, as its own answer or page said."""

from __future__ import annotations

from harness.canary.targets import named
from harness.checks.history import Save, Trial


def release_of(trial: Trial, save: Save | None, otherwise: str) -> str:
    """The release of a save: its page's, else that of the last answer to what was sent meanwhile.

    A save whose own answers are silent is answered by what else answered its trial; where nothing
    said anything it is what health says.
    """
    if save is not None and save.id in trial.shown_by:
        return named(trial.shown_by[save.id]) or otherwise
    own = [
        trial.answered_by[request.request]
        for request in trial.requests
        if request.request in trial.answered_by
        and save is not None
        and save.began_s <= request.at_s <= save.over_s
    ]
    others = [*trial.shown_by.values(), *trial.answered_by.values()]
    for told in (*reversed(own), *reversed(others)):
        release = named(told)
        if release is not None:
            return release
    return otherwise
