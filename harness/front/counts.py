"""What became of the requests that were meant for one target."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Counts:
    """Requests by how they ended; sent is always answered + unanswered + in_flight.

    answered: a whole answer was passed on. unanswered: sent on, in whole or in part, and the
    client got no whole answer; whether the target acted on it is not known. down: no connection
    could be made, so nothing was sent. in_flight: not ended yet.
    """

    sent: int = 0
    answered: int = 0
    unanswered: int = 0
    down: int = 0
    in_flight: int = 0
