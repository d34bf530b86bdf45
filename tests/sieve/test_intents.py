"""Intents that are read by their shapes say what each says field by field."""

from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.sieve import intents
from harness.sieve.words import digest_of, hash_of, read_lines, words_of

TEXTS = st.text(max_size=12)
PRINTS = st.one_of(
    st.integers(0, (1 << 64) - 1).map("{:016x}".format),
    st.sampled_from(["-", "?", "0", "123", "0123456789abcdef0", ""]),
)
VALUES = st.one_of(st.just(""), st.just(""), TEXTS.map(lambda text: f":{quote(text, safe='')}"))
OPERATIONS = st.sampled_from(["save", "save", "save", "clear", "delete", "sav"])
# What two lines of a shape share; the other half of a line is drawn for each.
FIELDS = st.lists(st.tuples(TEXTS, TEXTS.filter(bool)), max_size=4)
SHAPES = st.lists(st.tuples(OPERATIONS, FIELDS), min_size=1, max_size=20)


@st.composite
def lines(draw: st.DrawFn) -> list[str]:
    """Lines of a few shapes, in no order, with fingerprints and values as they come."""
    shapes = draw(SHAPES)
    found = []
    for n in range(draw(st.integers(0, 60))):
        operation, fields = draw(st.sampled_from(shapes))
        words = [
            f"{quote(name)}={quote(text_class)}:{draw(PRINTS)}{draw(VALUES)}"
            for name, text_class in fields
        ]
        ahead = draw(st.sampled_from([f"load/{n}/1/r1/s{n}", f"load/{n}/1/r1 note {n}"]))
        letter = "n" if ahead.count(" ") else "i"
        found.append(" ".join([f"{letter} {n}.000000 ? {ahead}", operation, *words]))
    return found


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("intents") / "lines"


@pytest.fixture(autouse=True, scope="module")
def few() -> object:
    """A shape is tried for two lines as for thousands, and a few of them are all."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(intents, "LINES_MIN", 2)
        patch.setattr(intents, "SHAPES_MAX", 6)
        yield patch


def one_by_one(line: str) -> tuple[int, bool]:
    """What a line saves by its words: the sum of its fields, and whether that is all of it."""
    operation, *fields = line.split(" ")[6 if line.startswith("n ") else 4 :]
    digest, is_all = np.zeros(1, dtype=np.uint64), operation == "save" and bool(fields)
    for field in fields:
        name, _, rest = field.partition("=")
        # A value may stand behind it, of which the fingerprint says all that is compared.
        _, print_, *_ = rest.split(":")
        if len(print_) not in (1, 16):
            is_all = False
        else:
            digest += digest_of(np.array([hash_of(name)], dtype=np.uint64), words_of([print_]))
    return int(digest[0]), is_all


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(lines())
def test_intents_of_any_shape_are_what_their_words_say(path: Path, told: list[str]) -> None:
    """A digest stands for each intent that it says all of, and for no other."""
    path.write_text("".join(f"{line}\n" for line in told), "ascii")
    found = []
    for chunk in read_lines(path, 0):
        mine = np.arange(len(chunk.at))
        found = list(zip(*(each.tolist() for each in intents.digests(chunk, mine)), strict=True))

    for (digest, is_all), line in zip(found, told, strict=True):
        due, is_all_due = one_by_one(line)
        assert is_all_due == is_all
        assert not is_all or due == digest


def test_most_intents_are_read_by_their_shape(path: Path, few: pytest.MonkeyPatch) -> None:
    """Of a load that saves two forms no intent is read field by field."""
    told = [f"i 1.000000 ? load/{n}/1/r1/s1 save a=plain:{n:016x}" for n in range(25)]
    told += [f"n 1.000000 ? load/{n}/1/r2 note {n} save a=plain:{n:016x}" for n in range(25)]
    told += [f"{line} b=edge:{'-' if n % 2 else 'f' * 16}" for n, line in enumerate(told)]
    path.write_text("".join(f"{line}\n" for line in told), "ascii")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(intents, "fields_of", lambda *_: pytest.fail("it was read field by field"))
        (chunk,) = read_lines(path, 0)
        digest, plain = intents.digests(chunk, np.arange(len(told)))

    assert plain.all()
    assert digest.tolist() == [one_by_one(line)[0] for line in told]
