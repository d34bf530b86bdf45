"""Draws cases by chance: orders and rows of factors that no covering array holds."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from harness.drive.scenarios import Collected, collect
from harness.drive.spec import Spec
from harness.errors import ScenarioError
from harness.model import Case
from harness.orders import ORDER
from harness.runs import RunFolder

# Orders and rows of factors in one round: more would be judged late, fewer pay more for pytest.
ORDERS_PER_ROUND_N = 6
ROWS_PER_ROUND_N = 6
DRAWN_N = 60


@dataclass(slots=True)
class Drawing:
    """What was drawn and not driven yet; the same seed draws the same, in the same order."""

    spec: Spec
    run: RunFolder
    seed: int
    found: Collected = field(init=False)
    _draws_n: int = 0
    _seen: set[str] = field(default_factory=set)
    _orders: list[Case] = field(default_factory=list)
    _rows: list[Case] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.draw()

    def next_round(self, first_number: int) -> list[Case]:
        """The cases of one round, numbered on; none where nothing new can be drawn."""
        if len(self._orders) < ORDERS_PER_ROUND_N or len(self._rows) < ROWS_PER_ROUND_N:
            self.draw()
        chosen = self._orders[:ORDERS_PER_ROUND_N] + self._rows[:ROWS_PER_ROUND_N]
        del self._orders[:ORDERS_PER_ROUND_N], self._rows[:ROWS_PER_ROUND_N]
        return [replace(case, number=first_number + at) for at, case in enumerate(chosen)]

    def draw(self) -> None:
        """Have the scenarios draw once more; raises ScenarioError where no scenario varies."""
        # Neighbouring seeds of one exploration draw nothing of each other's.
        seed = self.seed + self._draws_n * 1_000_003
        self._draws_n += 1
        self.found = collect(replace(self.spec, seed=seed, random_n=DRAWN_N), self.run)
        varied = [case for case in self.found.cases if case.levels]
        if not varied:
            raise ScenarioError(
                "no scenario has factors or orders, so there is nothing to explore; "
                "mark one with @orders(...) or @factors(...)"
            )
        new = [case for case in varied if case.id not in self._seen]
        self._seen |= {case.id for case in new}
        random.Random(seed).shuffle(new)
        self._orders += [case for case in new if ORDER in case.levels]
        self._rows += [case for case in new if ORDER not in case.levels]


def in_order_of(case: Case, order: str, number: int) -> Case | None:
    """The same case with another order; None where its id cannot be spelled from its levels."""
    if case.id != _spelled(case.scenario, case.levels):
        return None
    levels = {**case.levels, ORDER: order}
    return replace(case, id=_spelled(case.scenario, levels), number=number, levels=levels)


def _spelled(scenario: str, levels: Mapping[str, str]) -> str:
    return f"{scenario}[{','.join(f'{name}={text}' for name, text in levels.items())}]"
