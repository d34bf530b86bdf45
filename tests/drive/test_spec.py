"""What a gate tells its scenarios comes back as it was told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.drive.spec import Spec, read_spec, write_spec
from harness.errors import RecordUnreadable
from harness.model import ABSENT, FileValue, Phase, Sight
from tests.checks.story import NOTE


def spec(tmp_path: Path) -> Spec:
    """A round in which releases change, with every kind of value to be looked at."""
    due = {
        "reason": "lone \ud800 half",
        "history": None,
        "examination": FileValue(3, "ab" * 32),
        "conclusion": ("one", None, ""),
        "gone": ABSENT,
    }
    return Spec(
        run="ab12",
        role="upgraded",
        release="v2",
        url="http://127.0.0.1:1",
        scenarios=tmp_path / "scenarios",
        root=tmp_path,
        journal=tmp_path / "journal",
        evidence=tmp_path / "evidence",
        files=tmp_path / "files",
        forms={"note": NOTE},
        texts=("plain",),
        cases={"t.py::test_edit[é]": 3},
        rows={"t.py::test_edit[é]": {"text": "plain"}},
        urls=("http://127.0.0.1:1", "http://127.0.0.1:2"),
        line=tmp_path / "line",
        phases={"t.py::test_edit[é]": Phase("upgrade", "acknowledged", 2, {"server_phase": "x"})},
        sights=(Sight("note", ("7", "fr"), due),),
    )


def test_a_spec_comes_back(tmp_path: Path) -> None:
    """Moments, addresses and values of every kind, half a character included, are the same."""
    told = spec(tmp_path)
    write_spec(tmp_path / "spec.json", told)

    assert told == read_spec(tmp_path / "spec.json")


def test_a_value_that_is_none(tmp_path: Path) -> None:
    """A record to look at with something that no field can hold is refused as unreadable."""
    path = tmp_path / "spec.json"
    write_spec(path, spec(tmp_path))
    data = json.loads(path.read_text())
    data["sights"][0]["due"]["reason"] = 7
    path.write_text(json.dumps(data))

    with pytest.raises(RecordUnreadable, match="cannot be read"):
        read_spec(path)
