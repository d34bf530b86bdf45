"""A load's journal as objects, read by what judges it: for tests, which are small."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import numpy as np

from harness.journal.acts_files import find_acts
from harness.journal.volume import Volume, VolumeSave
from harness.model import Form
from harness.sieve.gathering import gathered

# Which word of a line that opens a record is the name of its form.
FORM_AT = {"r": 3, "n": 4}


class Journaled(Volume):
    """A load's journal with its records in it, in the order they were opened."""

    @property
    def saves(self) -> Iterator[VolumeSave]:
        """Every save of every record."""
        return (save for record in self.records.values() for save in record.saves)


def read_volume(folder: Path) -> Journaled:
    """Every record of a run's load; raises RecordUnreadable."""
    files = find_acts(folder)
    # A last line without its end counts for nothing.
    lines = (line for file in files for line in file.path.read_text("ascii").split("\n")[:-1])
    told = [line.split(" ") for line in lines]
    names = {unquote(words[FORM_AT[words[0]]]) for words in told if words[0] in FORM_AT}
    forms = {name: Form(name, "", (), ()) for name in sorted(names)}
    with gathered(files, forms, None, None, partitions_n=1) as load:
        part = load.part(0)
        found = part.records(np.ones(len(part.begin), dtype=np.bool_))
        found += load.keyless_records()
        found.sort(key=lambda record: record.opened_s)
        read = load.told.volume
    records = {record.id: record for record in found}
    return Journaled(read.schedules, records, read.orphans_n, read.troubles)
