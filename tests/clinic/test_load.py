"""The clinic's load file: what it journals is what the clinic stores."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import psycopg
from psycopg.rows import dict_row

from harness.contracts import fingerprint
from harness.drive.load import drive_load
from harness.drive.load_spec import LoadSpec
from harness.journal.volume import Owed, VolumeRecord
from harness.model import Form, Leg
from harness.plan import load_plan
from scenarios.stored import text_of
from tests.clinic.live import ROOT
from tests.journal.reading import read_volume


def test_every_save_of_the_load_is_stored_as_it_was_journaled(
    clinic: str, database: str, tmp_path: Path
) -> None:
    """Notes, their corrections, prescriptions and shares are all acknowledged, and all there."""
    forms = load_plan(ROOT, {}, secrets_required=False).forms("1.1.0")
    for name in ("logs", "journal", "files"):
        (tmp_path / name).mkdir()
    spec = LoadSpec(
        run="ab12", url=clinic, file=ROOT / "scenarios" / "load.py", root=ROOT,
        journal=tmp_path / "journal", files=tmp_path / "files", forms=forms,
        rate=40.0, legs=(Leg(1.0, 0.5), Leg(1.0, 2.0)), users=8,
    )  # fmt: skip

    run = SimpleNamespace(logs=tmp_path / "logs", environment={}, temporary=tmp_path)
    result = drive_load(spec, run)
    volume = read_volume(spec.journal)

    assert (0, "") == (result.exit_code, result.trouble)
    assert {"acknowledged"} == {save.state for save in volume.saves}
    assert {"consultation", "document", "share"} == {r.form for r in volume.records.values()}
    with psycopg.connect(database, row_factory=dict_row) as connection:
        wrong = {r.id: differing(connection, forms[r.form], r) for r in volume.records.values()}
    assert {} == {record: names for record, names in wrong.items() if names}


def differing(
    connection: psycopg.Connection[dict[str, object]], form: Form, record: VolumeRecord
) -> list[str]:
    """The fields of a record that storage has otherwise than its saves left them."""
    due: dict[str, Owed] = {}
    for save in record.saves:
        due |= save.fields
    if not due:
        return []
    assert record.key is not None
    where = " AND ".join(f"{column}::text = %s" for column in form.key)
    source = f"({form.query}) AS form" if form.query else form.table
    found = connection.execute(
        f"SELECT * FROM {source} WHERE {where}".encode(),  # noqa: S608 - the plan's own words
        record.key,
    ).fetchone()
    if found is None:
        return ["no row"]
    return [
        name
        for name, owed in due.items()
        if owed.fingerprint != fingerprint(stored(form, found, name), form.field(name).contract)
    ]


def stored(form: Form, row: dict[str, object], name: str) -> str | None:
    """What a field holds, as the plan's codec reads it."""
    value = row[form.field(name).column]
    assert value is None or isinstance(value, str | bytes)
    return text_of(value)
