"""Judges one load in a process of its own, and says how long it took."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from harness.checks.course import course_of
from harness.checks.volume import sift
from harness.errors import EvidenceError
from harness.journal.acts_files import find_acts
from harness.model import Contract, Field, Form
from harness.prints import find_prints
from harness.sieve.gathering import gathering
from harness.storage.streaming import stream_prints

NAMES = ("reason", "history", "examination", "conclusion")
NOTE = Form(
    "note",
    "main",
    ("id",),
    tuple(Field(name, name, contract=Contract(newline="any")) for name in NAMES),
    table="note",
)
# Its note is not what was saved, and it alone has to be found.
LOST = 777


def judge(dsn: str, folder: Path, saves_n: int) -> float:
    """Read storage and judge every save, and give the seconds it took.

    Raises EvidenceError where what was lost is not found, or anything else is.
    """
    forms = {NOTE.name: NOTE}
    began_s = time.monotonic()
    with gathering(find_acts(folder), forms, None) as read, TemporaryDirectory() as into:
        stream_prints(
            {"main": dsn}, forms, id="2-load-final", role="load", purpose="final", into=Path(into)
        )
        (final,) = find_prints(Path(into))
        load = read(final)
        adding_up = load.meanwhile(course_of)
        sifted = sift(load, forms, None, final)
        course = adding_up()
    took_s = time.monotonic() - began_s
    found = [suspect.owing.handles[0].key for suspect in sifted.suspects]
    whole_n = saves_n - sum(len(suspect.owing.saves) for suspect in sifted.suspects)
    if found != [(str(LOST),)] or sifted.verified_n != whole_n or sifted.strays_n:
        raise EvidenceError(f"{found} were found, of {sifted.verified_n} saves that are whole")
    if course.states["acknowledged"] != saves_n:
        raise EvidenceError(f"{course.states} were journaled, and not {saves_n} acknowledgements")
    return took_s


if __name__ == "__main__":
    print(judge(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])))
