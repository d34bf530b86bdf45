"""Which of the collected cases somebody asked for."""

import pytest

from harness.drive.chosen import chosen_cases
from harness.errors import UsageError
from harness.model import Case

CASES = [
    Case(f"test_{file}.py::test_{name}[{n}]", n, f"test_{file}.py::test_{name}", "", 1)
    for n, (file, name) in enumerate([("a", "share"), ("a", "save"), ("b", "share"), ("b", "undo")])
]


@pytest.mark.parametrize(
    ("only", "numbers"),
    [
        ((), [0, 1, 2, 3]),
        (("share",), [0, 2]),
        (("test_a.py*",), [0, 1]),
        (("test_sh*",), [0, 2]),
        (("test_undo*", "save"), [1, 3]),
        (("undo", "test_b*"), [2, 3]),
    ],
)
def test_patterns_add_up(only: tuple[str, ...], numbers: list[int]) -> None:
    """A part of the id or a glob for it or its function; with several, all that fit any."""
    assert [case.number for case in chosen_cases(CASES, only)] == numbers


def test_each_pattern_has_to_fit() -> None:
    """A pattern that fits nothing is refused, even beside one that fits."""
    with pytest.raises(UsageError, match="--only 'test_udno' matches no case"):
        chosen_cases(CASES, ("share", "test_udno"))
