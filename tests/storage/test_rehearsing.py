"""Codecs are tried before anything starts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from harness.model import Contract, Field, Form
from harness.storage.rehearsing import Rehearsal, rehearse

CODECS = """
import itertools
count = itertools.count()

def plain(stored): return stored
plain.inverse = lambda text: text

def trusted(stored): return stored

def sealed(stored):
    if not str(stored).startswith("sealed:"):
        raise ValueError("no seal")
    return stored.removeprefix("sealed:")
sealed.inverse = lambda text: "sealed:" + text

def strict(stored): return sealed(stored)

def lossy(stored): return stored.encode("latin-1", "replace").decode("latin-1")
lossy.inverse = lambda text: text

def trims(stored): return stored.rstrip()
trims.inverse = lambda text: text

def raises(stored): raise ValueError("no key")
raises.inverse = lambda text: text

def broken(stored): return stored
broken.inverse = lambda text: text.no_such_thing

def fickle(stored): return f"{stored}{next(count)}"

def number(stored): return 5
"""


def tried(folder: Path, name: str, codec: str, **changes: object) -> Rehearsal:
    """What trying one codec shows."""
    (folder / f"{name}.py").write_text(CODECS, encoding="utf-8")
    contract = replace(Contract(codec=f"{name}:{codec}"), **changes)  # type: ignore[arg-type]
    field = Field("text", "text", contract=contract)
    return rehearse([Form("note", "main", ("id",), (field,), table="note")], folder)


@pytest.mark.parametrize("codec", ["plain", "sealed"])
def test_a_codec_that_gives_back_the_corpus_is_proved(tmp_path: Path, codec: str) -> None:
    """With an inverse every text makes the way there and back, and nothing is left to say."""
    assert Rehearsal() == tried(tmp_path, f"proved_{codec}", codec)


@pytest.mark.parametrize("codec", ["trusted", "strict"])
def test_a_codec_without_an_inverse_is_believed_aloud(tmp_path: Path, codec: str) -> None:
    """What refuses content that is none of its own is no fault, and proves nothing either."""
    found = tried(tmp_path, f"believed_{codec}", codec)

    assert () == found.problems
    assert [f"form.note.fields.text: codec believed_{codec}:{codec} offers no inverse"] == [
        warning.partition(", so")[0] for warning in found.warnings
    ]


@pytest.mark.parametrize(
    ("codec", "said"),
    [
        ("lossy", "gives back 'Consultation?"),
        ("trims", "gives back"),
        ("raises", "raises ValueError: no key for the text class"),
        ("broken", "has an inverse that raises AttributeError"),
        ("fickle", "and the next time"),
        ("number", "returned int for NULL; return str or None"),
        ("gone", "has no function gone"),
    ],
)
def test_a_codec_that_fails_is_a_problem(tmp_path: Path, codec: str, said: str) -> None:
    """What loses a text, raises, changes its mind or is not there is named with its field."""
    found = tried(tmp_path, f"failing_{codec}", codec)

    (problem,) = found.problems
    assert problem.startswith("form.note.fields.text: codec")
    assert said.partition(" 'C")[0] in problem


def test_what_the_contract_allows_is_no_loss(tmp_path: Path) -> None:
    """A codec that trims is right where the field may be trimmed."""
    assert Rehearsal() == tried(tmp_path, "allowed", "trims", trim=True)


def test_what_fetches_files_is_not_called(tmp_path: Path) -> None:
    """A codec of a file reaches other systems: it has to be there, and that is all."""
    (tmp_path / "fetching.py").write_text(CODECS, encoding="utf-8")
    field = Field("file", "file", kind="file", contract=Contract(codec="fetching:fickle"))

    assert Rehearsal() == rehearse([Form("note", "main", ("id",), (field,), table="n")], tmp_path)
