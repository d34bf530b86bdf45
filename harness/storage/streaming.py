"""One read of every row of every form, of which only fingerprints are kept."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from harness.journal.volume import undisturbed
from harness.model import Form
from harness.observations import Purpose
from harness.prints import Block, PrintsWriter, blocks_of, printed
from harness.storage.observe import Storages, by_storage, reader_of
from harness.storage.scope import EVERY_ROW
from harness.storage.seams import Printing, Snapshot


def stream_prints(
    storages: Storages,
    forms: Mapping[str, Form],
    *,
    id: str,  # noqa: A002 - the observation's own word for it
    role: str,
    purpose: Purpose,
    into: Path,
    folder: Path | None = None,
) -> Path:
    """Read every row, one snapshot per storage, and write ``INTO/ID.prints`` as the rows come.

    folder is the plan's. No row is kept in memory. Raises StorageUnreadable, EnvironmentBroken.
    """
    began_s = time.monotonic()
    writer = PrintsWriter(into, forms, id=id, role=role, purpose=purpose, began_s=began_s)
    with undisturbed():
        for name, here in by_storage(forms).items():
            with reader_of(storages, name, here, folder).snapshot() as snapshot:
                for form in here.values():
                    writer.write(_blocks(snapshot, form))
    return writer.close(time.monotonic())


def _blocks(snapshot: Snapshot, form: Form) -> Iterator[Block]:
    if isinstance(snapshot, Printing):
        return snapshot.prints(form)
    return blocks_of(printed(row, form) for row in snapshot.observe(form, EVERY_ROW))
