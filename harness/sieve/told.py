"""What a load's journals alone say of it, whatever storage holds."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote

from harness.journal.volume import Volume
from harness.sieve.acts import Texts
from harness.sieve.spill import Pair


@dataclass(slots=True)
class Told:
    """A load's journals; volume has no record and no save in it.

    went has an entry for every save as it went, acts are the lines themselves. There are records_n,
    orphans_n lines that belong to nothing, and cut_n files end in the middle of a line. start_s is
    when the load began, on the host's monotonic clock.
    """

    volume: Volume
    went: Pair
    acts: Texts
    records_n: int
    orphans_n: int
    cut_n: int
    start_s: float

    def said(self, place: int) -> str:
        """What a line says: a form's name where it opens a record, or how a save went."""
        words = self.acts.words(place)
        return unquote(words[4 if words[0] == "n" else 3])
