"""Which of the collected cases somebody asked for."""

from __future__ import annotations

import fnmatch
from collections.abc import Sequence

from harness.errors import UsageError
from harness.model import Case


def fits(case: Case, pattern: str) -> bool:
    """Whether the pattern stands in the case's id, or is a glob for it or for what follows ``::``.

    >>> fits(Case("test_a.py::test_b[2]", 0, "test_a.py::test_b", "test_a.py", 1), "test_b*")
    True
    """
    names = (case.id, case.id.rpartition("::")[2])
    return pattern in case.id or any(fnmatch.fnmatchcase(name, pattern) for name in names)


def chosen_cases(cases: Sequence[Case], only: Sequence[str]) -> list[Case]:
    """The cases that fit any of the patterns, all without one; raises UsageError where none does.

    Each pattern has to fit: one that fits nothing is a slip of the pen.
    """
    for pattern in only:
        if not any(fits(case, pattern) for case in cases):
            some = "\n".join(f"  {case.id}" for case in cases[:10])
            raise UsageError(f"--only {pattern!r} matches no case; cases are called like\n{some}")
    return [case for case in cases if not only or any(fits(case, p) for p in only)]
