"""A release that is judged more kindly than its baseline."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.gate.loosened import loosened
from harness.model import Contract, Field, Form

STRICT = Form(
    name="note",
    storage="main",
    key=("id",),
    fields=(Field("text", "text"),),
    table="note",
    concurrent="conflict",
    unchecked=("at",),
)


def with_contract(**changes: object) -> Form:
    """The form, its field under another contract."""
    field = replace(STRICT.fields[0], contract=replace(Contract(), **changes))  # type: ignore[arg-type]
    return replace(STRICT, fields=(field,))


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (with_contract(newline="any"), "note.text newline was exact and is any"),
        (with_contract(trim=True), "note.text trim was false and is true"),
        (with_contract(nfc=True), "note.text nfc was false and is true"),
        (with_contract(codec="a:b"), "note.text codec was none and is a:b"),
        (replace(STRICT, unchecked=("at", "by")), "note unchecked was at and is also by"),
        (replace(STRICT, settle_s_max=9.0), "note settle_s_max was 2 and is 9"),
        (replace(STRICT, late_s_max=5.0), "note late_s_max was 0 and is 5"),
        (replace(STRICT, concurrent="merge"), "note concurrent was conflict and is merge"),
        (
            replace(STRICT, concurrent="last-wins"),
            "note concurrent was conflict and is last-wins",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_asks_for_less_is_said(now: Form, said: str) -> None:
    """Each way to ask for less is a sentence: what, from what and to what; more is none."""
    assert [f"the plan is looser than that of 1.0: {said}"] == list(
        loosened({"note": STRICT}, {"note": now}, "1.0")
    )
    assert [] == list(loosened({"note": now}, {"note": STRICT}, "1.0"))


def test_what_is_new_or_gone_is_no_looser() -> None:
    """A form or a field that only one of both has is compared with nothing."""
    new = replace(STRICT, fields=(*STRICT.fields, Field("title", "title")))

    assert [] == list(loosened({"note": STRICT}, {"note": new}, "1.0"))
    assert [] == list(loosened({}, {"note": new}, "1.0"))
    assert [] == list(loosened({"note": new}, {}, "1.0"))
