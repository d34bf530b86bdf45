"""Words of many lines are read at once, and say what each of them says by itself."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.sieve.words import Lines, hash_of, order_of, read_lines, times

GRAPHIC = st.characters(min_codepoint=33, max_codepoint=126)
# A host may be busy with other things.
patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
WORDS = st.lists(
    st.lists(st.text(GRAPHIC, max_size=90), min_size=1, max_size=5), min_size=1, max_size=20
)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("words") / "lines"


def read(path: Path, lines: list[str], chunk_bytes: int = 1 << 16) -> list[Lines]:
    """Lines as a file has them."""
    path.write_text("".join(f"{line}\n" for line in lines), "ascii")
    return list(read_lines(path, 0, chunk_bytes))


def word(lines: Lines, line: int, number: int) -> tuple[str, int]:
    """One word of a line, and its hash."""
    begin, end = lines.word(np.array([line]), number)
    text = bytes(lines.data[begin[0] : end[0]]).decode("ascii")
    return text, int(lines.hashes(begin, end)[0])


@patient
@given(WORDS, st.integers(1, 300))
def test_lines_come_whole_in_however_small_parts(
    path: Path, told: list[list[str]], chunk_bytes: int
) -> None:
    """Each line comes once, with its words, its place and what is left out of it nowhere."""
    texts = [" ".join(words) for words in told]
    found, at = [], 0
    for lines in read(path, texts, chunk_bytes):
        for line in range(len(lines.at)):
            assert lines.places[line] == at
            found.append([word(lines, line, n)[0] for n in range(lines.count[line])])
            at += len(lines.text(line)) + 1
        assert lines.end_place == at

    assert [text.split(" ") for text in texts] == found


def test_a_last_line_without_its_end_is_none(path: Path) -> None:
    """What was cut in the middle of a line counts for nothing."""
    path.write_text("a b\nc d")

    assert [[lines.text(0) for lines in read_lines(path, 0, size)] for size in (1, 100)] == [
        ["a b"],
        ["a b"],
    ]


@patient
@given(WORDS)
def test_a_word_has_one_hash(path: Path, told: list[list[str]]) -> None:
    """A word's hash is the same wherever it stands, alone or among others."""
    (lines,) = read(path, [" ".join(words) for words in told])
    for line, words in enumerate(told):
        for number, text in enumerate(words):
            assert word(lines, line, number) == (text, hash_of(text))


def test_words_that_differ_in_one_place_have_different_hashes() -> None:
    """A byte more, less or other, at any place of a short or a long word, is another hash."""
    for size in range(70):
        word = "x" * size
        others = {word[:n] + "y" + word[n + 1 :] for n in range(size)} | {word + "x", word + "y"}
        assert len({hash_of(each) for each in others | {word}}) == len(others) + 1


@patient
@given(
    st.lists(
        st.one_of(
            st.integers(0, 3),
            st.integers(0, (1 << 64) - 1),
            st.integers(0, 7).map(lambda n: (5 << 40) + n),
        ),
        max_size=60,
    )
)
def test_what_is_sorted_is_sorted_stably(hashes: list[int]) -> None:
    """Equal hashes keep their order, also where hashes share all but their last bits."""
    array = np.array(hashes, dtype=np.uint64)

    assert np.argsort(array, kind="stable").tolist() == order_of(array).tolist()


@patient
@given(
    st.lists(
        st.one_of(
            st.integers(0, 10**14 - 1).map(lambda micros: f"{micros / 1e6:.6f}"),
            st.text(st.sampled_from("0123456789.-e?x"), max_size=18),
        ),
        min_size=1,
        max_size=20,
    )
)
def test_a_time_is_what_it_spells(path: Path, told: list[str]) -> None:
    """What is read as a time is the number that Python reads, and nothing else is taken for one."""
    (lines,) = read(path, [f"a {each} z" for each in told])
    found, fine = times(lines, *lines.word(np.arange(len(told)), 1))
    for each, second, is_fine in zip(told, found.tolist(), fine.tolist(), strict=True):
        whole, _, micros = each.partition(".")
        is_one = whole.isdigit() and len(whole) <= 8 and micros.isdigit() and len(micros) == 6
        assert is_one == is_fine
        assert not is_fine or second == float(each)
