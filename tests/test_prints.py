"""A read of which only fingerprints are kept comes back whole, or not at all."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness import prints
from harness.contracts import fingerprint
from harness.errors import EnvironmentBroken, RecordUnreadable
from harness.journal.volume import key_word
from harness.model import ABSENT, Field, Form
from harness.observations import Row
from harness.prints import Cells, PrintRow, PrintsWriter, blocks_of, find_prints, printed
from harness.sieve.rows import FINAL, SPOT, scan_rows
from harness.sieve.spill import Spill

NOTE = Form("note", "main", ("id", "day"), (Field("title", "title"), Field("text", "text")))
FORMS = {"note": NOTE}
ROWS = [
    Row("note", ("1", "a b,%c?"), {"title": "x", "text": None}, "abc"),
    Row("note", ("2", "é"), {"title": ABSENT, "text": ""}),
]


def writer(folder: Path) -> PrintsWriter:
    """A read after the load that is being written."""
    return PrintsWriter(
        folder, FORMS, id="07-load-final", role="load", purpose="final", began_s=12.5
    )


def test_rows_come_back(tmp_path: Path) -> None:
    """Keys, fingerprints and the digest of the other columns come back, and when it was read."""
    writing = writer(tmp_path)
    writing.write(blocks_of(printed(row, NOTE) for row in ROWS))
    path = writing.close(13.25)
    (found,) = find_prints(tmp_path)

    assert (found.path, found.id, found.purpose) == (path, "07-load-final", "final")
    assert (found.began_s, found.ended_s, found.rows_n) == (12.5, 13.25, 2)
    assert dict(found.fields) == {"note": ("title", "text")}
    assert list(found.rows()) == [
        PrintRow("note", "1,a%20b%2C%25c%3F", (fingerprint("x"), "-"), "abc"),
        PrintRow("note", "2,%C3%A9", ("?", fingerprint("")), ""),
    ]


def test_single_fingerprints_come_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A field of a row is found by the row's place, in whatever block and with whatever keys."""
    monkeypatch.setattr(prints, "_BLOCKS_MAX", 1)
    rows = [
        PrintRow("note", f"{n:050}", (f"{n:016x}", "-" if n % 2 else f"{n:016X}"))
        for n in range(2 * prints.BLOCK_ROWS + 7)
    ]
    writing = writer(tmp_path)
    writing.write(blocks_of(rows))
    writing.close(13.25)
    (found,) = find_prints(tmp_path)
    places = [block.place + n for block in found.blocks() for n in range(block.rows_n)]
    wanted = [*range(len(rows) - 1, 0, -97), 0, prints.BLOCK_ROWS]
    for field in (0, 1):
        due = [rows[n].prints[field] for n in wanted]
        read = Cells(found).read([places[n] for n in wanted], [field] * len(wanted))
        assert b"".join(map(prints.padded, due)) == read

    with pytest.raises(RecordUnreadable, match="no rows begin"):
        Cells(found).read([places[-1] << 8], [0])


def test_a_read_that_was_cut_is_no_read(tmp_path: Path) -> None:
    """What was not written to its end leaves nothing that could be taken for a read."""
    writer(tmp_path).write(blocks_of(printed(row, NOTE) for row in ROWS))

    assert find_prints(tmp_path) == []


def scanned(folder: Path) -> None:
    """Every row, as a judgement looks at it."""
    (found,) = find_prints(folder)
    scan_rows(found, FINAL, ["note"], Spill(SPOT, 1, by="key"))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("harness.prints/3", "other/1"),
        ("\n. 13.25 2\n", "\n"),
        (". 13.25 2", ". 13.25 3"),
        ("b 0 2", "b 0 5555555555555555555"),
        ("b 0 2", "b 1 2"),
        ("b 0 2", "b 0 1"),
        ("1,a%20b", "1,\t%20b"),
        ("abc -", "ab\0c -"),
        ("abc -", "abc"),
    ],
    ids=[
        "another schema",
        "without its end",
        "a row is missing",
        "more rows than there can be",
        "rows of no form",
        "a row too many",
        "a key that is none",
        "a rest that is none",
        "a rest is missing",
    ],
)
def test_a_damaged_read_is_an_error(tmp_path: Path, old: str, new: str) -> None:
    """A file of another schema, without its end or without a row is named and never used."""
    writing = writer(tmp_path)
    writing.write(blocks_of(printed(row, NOTE) for row in ROWS))
    path = writing.close(13.25)
    path.write_text(path.read_text().replace(old, new))

    with pytest.raises(RecordUnreadable, match=r"07-load-final\.prints"):
        scanned(tmp_path)


def test_a_folder_that_is_gone_is_told(tmp_path: Path) -> None:
    """Where it cannot be written the message names the file."""
    with pytest.raises(EnvironmentBroken, match=r"07-load-final\.prints cannot be written"):
        writer(tmp_path / "gone")


WORDS = st.sampled_from(["-", "?"]) | st.integers(0, (1 << 64) - 1).map("{:016x}".format)
PRINT_ROWS = st.lists(
    st.builds(
        lambda key, title, text, rest: PrintRow("note", key_word(key), (title, text), rest),
        st.tuples(st.text(max_size=4), st.text(max_size=4)),
        WORDS,
        WORDS,
        st.sampled_from(["", "", "author=1f3a&state=-"]),
    ),
    max_size=20,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(PRINT_ROWS, st.integers(1, 5), st.data())
def test_any_rows_come_back_in_their_order_and_by_their_places(
    tmp_path: Path, rows: list[PrintRow], together: int, data: st.DataObject
) -> None:
    """Whatever keys, fingerprints and rests there are, however many are kept together."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("harness.prints.BLOCK_ROWS", together)
        writing = writer(tmp_path)
        writing.write(blocks_of(rows))
        writing.close(13.25)
    (found,) = find_prints(tmp_path)
    blocks = list(found.blocks())
    places = [block.place + n for block in blocks for n in range(block.rows_n)]
    some = sorted(data.draw(st.sets(st.integers(0, len(rows) - 1)))) if rows else []

    assert list(found.rows()) == rows
    assert max((block.rows_n for block in blocks), default=1) <= together
    assert list(found.rows_at(places[n] for n in some)) == [rows[n] for n in some]


def test_a_row_is_read_without_those_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To look at few of very many rows costs no more than to make those few."""
    writing = writer(tmp_path)
    writing.write(blocks_of(PrintRow("note", str(n), ("-", "?")) for n in range(100)))
    writing.close(13.25)
    (found,) = find_prints(tmp_path)
    (block,) = found.blocks()
    made: list[str] = []

    def makes(form: str, key: str, *others: object) -> str:
        made.append(key)
        return key

    monkeypatch.setattr("harness.prints.PrintRow", makes)

    assert len(list(found.rows_at([block.place + 7, block.place + 93]))) == 2
    assert made == ["7", "93"]
