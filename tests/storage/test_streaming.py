"""Every row of a real database, streamed into fingerprints."""

from pathlib import Path

from harness.contracts import fingerprint
from harness.model import Form
from harness.prints import find_prints
from harness.storage.streaming import stream_prints
from tests.storage.database import Database


def test_every_row_is_there_with_its_fingerprints(
    database: Database, note: Form, tmp_path: Path
) -> None:
    """A streamed read holds what an observation of the same moment holds, as fingerprints."""
    database.run(
        "INSERT INTO note SELECT n, 'text ' || n, 'me' FROM generate_series(1, 500) AS n",
        "INSERT INTO note VALUES (501, NULL, NULL), (502, '', NULL)",
    )
    stream_prints(
        {"main": database.dsn},
        {"note": note},
        id="01-load-before",
        role="load",
        purpose="before",
        into=tmp_path,
    )
    (found,) = find_prints(tmp_path)
    rows = {row.key: row for row in found.rows()}

    assert found.rows_n == len(rows) == 502
    assert rows["17"].prints == (fingerprint("text 17"),)
    assert (rows["501"].prints, rows["502"].prints) == (("-",), (fingerprint(""),))
    assert {row.key[0]: row.rest for row in database.rows(note)} == {
        key: row.rest for key, row in rows.items()
    }
