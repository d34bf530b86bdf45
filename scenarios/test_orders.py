"""What is done at a note in an order that nobody thought of: generated from a model of the page."""

from __future__ import annotations

from collections.abc import Callable

from harness.factors import Levelled
from harness.plugin import Trial, absent_in, obliged, orders
from scenarios.desk import Desk, note
from scenarios.practitioner import Practitioner


@absent_in("1.0.*", reason="documents cannot be shared yet")
@orders(note)
@obliged("shares after types", "saves after shares", "undoes_share after types")
def test_orders(sign_in: Callable[..., Practitioner], journal: Trial, case: Levelled) -> None:
    """Whatever comes after what, all that was told saved is stored."""
    with Desk(sign_in(), journal) as desk:
        for act in case.order:
            act(desk)
