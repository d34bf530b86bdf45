"""Faulty three times, and each time only where it meets the release before it."""

from releases.blanks import Release as Blanks
from releases.renames import Release as Renames
from releases.retypes import Release as Retypes


class Release(Retypes, Renames, Blanks):
    pass
