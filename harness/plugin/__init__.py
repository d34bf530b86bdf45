"""The pytest plugin for those who write scenarios, and the one place they import from.

It does nothing unless pytest is given ``--url`` (a scenario's author) or ``--harness-spec``
(a gate), so it can be installed anywhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness import corpus
from harness.errors import JourneyBroken
from harness.factors import Levelled, absent_in, factors, obliged, orders
from harness.journal.handles import Record, Save, Trial, exact
from harness.orders import Actions, Order
from harness.plugin.departures import leave
from harness.plugin.readers import reader
from harness.plugin.removers import remover

if TYPE_CHECKING:
    import pytest

__all__ = [
    "Actions",
    "JourneyBroken",
    "Levelled",
    "Order",
    "Record",
    "Save",
    "Trial",
    "absent_in",
    "corpus",
    "exact",
    "factors",
    "leave",
    "obliged",
    "orders",
    "reader",
    "remover",
]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the two options that wake the plugin."""
    group = parser.getgroup("harness", "deploy harness")
    group.addoption(
        "--url",
        metavar="URL",
        help="drive the scenarios against a running application, without a gate",
    )
    group.addoption("--harness-spec", metavar="FILE", help="what a gate drives; it writes the file")


def pytest_configure(config: pytest.Config) -> None:
    """Wake up where one of the options was given."""
    if config.getoption("--url") or config.getoption("--harness-spec"):
        from harness.plugin import session

        session.wake(config)
