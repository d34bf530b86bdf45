"""What a read of storage returned, kept and read back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import EnvironmentBroken, RecordUnreadable
from harness.model import ABSENT, FileValue, Value
from harness.observations import Observation, Row, read_observations, write_observation

HELD: dict[str, Value] = {
    "text": "é\r\n\u2028\x1c\ud83d",
    "null": None,
    "absent": ABSENT,
    "empty": "",
    "file": FileValue(3, "a" * 64),
    "rows": ("a", None),
    "none": (),
}


def observed(id_: str = "01", began_s: float = 1.5) -> Observation:
    """A read of two forms, one of which is empty."""
    rows = {
        "note": (Row("note", ("7", "x"), HELD, "rest"), Row("note", ("8", "x"), {})),
        "paper": (),
    }
    return Observation(id_, "candidate", "final", began_s, 2.5, rows, {"note": ("id", "text")})


def test_a_read_comes_back_as_it_was(tmp_path: Path) -> None:
    """NULL, empty and absent stay three values, and no text is too strange."""
    write_observation(tmp_path, observed())

    assert (observed(),) == read_observations(tmp_path)


@settings(max_examples=50, deadline=None)
@given(text=st.text())
def test_any_text_comes_back(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    """Whatever line ends and half characters storage holds."""
    folder = tmp_path_factory.mktemp("read")
    rows = {"note": (Row("note", (text,), {"reason": text}),)}
    read = Observation("01", "candidate", "final", 1.0, 2.0, rows)
    write_observation(folder, read)

    assert (read,) == read_observations(folder)


def test_reads_are_in_the_order_of_their_time(tmp_path: Path) -> None:
    """Whatever their files are called."""
    for id_, began_s in (("01", 3.0), ("02", 1.0), ("03", 2.0)):
        write_observation(tmp_path, observed(id_, began_s))

    assert ["02", "03", "01"] == [o.id for o in read_observations(tmp_path)]


def test_a_read_that_was_cut_while_it_was_kept_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a file never stands in for a read, nor makes the run unreadable."""

    def full(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(EnvironmentBroken, match=r"01\.jsonl cannot be written: .*No space left"):
        write_observation(tmp_path, observed())

    assert () == read_observations(tmp_path)


def _head(text: str, **changes: object) -> str:
    first, *rest = text.splitlines()
    return "\n".join([json.dumps({**json.loads(first), **changes}), *rest])


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: "",
        lambda text: "{}",
        lambda text: "[]",
        lambda text: text.rsplit("\n", 2)[0],
        lambda text: text[: len(text) // 2],
        lambda text: f"{text}{text.splitlines()[1]}\n",
        lambda text: f"{text}" + '["gone", ["1"], {}, ""]\n',
        lambda text: f"{text}" + '{"a": 1}\n',
        lambda text: _head(text, schema="harness.observation/9"),
        lambda text: _head(text, forms={"note": 1, "paper": 0}),
        lambda text: _head(text, columns=[]),
        lambda text: text.replace('"absent": true', '"absent": false'),
    ],
    ids=[
        "empty", "no head", "no object", "a row less", "half", "a row more", "a strange form",
        "no row", "schema", "count", "columns", "no value",
    ],
)  # fmt: skip
def test_a_damaged_read_is_refused(tmp_path: Path, damage: object) -> None:
    """A file that is not what was written is no evidence; it is refused with its path."""
    path = write_observation(tmp_path, observed())
    path.write_text(damage(path.read_text()))  # type: ignore[operator]

    with pytest.raises(RecordUnreadable, match=r"01\.jsonl cannot be read"):
        read_observations(tmp_path)


def test_a_folder_that_is_gone_is_said(tmp_path: Path) -> None:
    """A read that cannot be kept is a broken environment."""
    with pytest.raises(EnvironmentBroken, match="cannot be written"):
        write_observation(tmp_path / "gone", observed())
