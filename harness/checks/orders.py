"""Orders of actions that fail: which to try next so that they get shorter, and when they fail."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from harness.model import Case, Trigger
from harness.orders import ORDER, THEN, Facts, Model, Names, holds, names_of

# So many orders are tried at once, and in all, before the shortest so far has to do.
BATCH_N = 6
RUNS_MAX = 60


def shorter(model: Model, order: Names, tried: Mapping[Names, bool]) -> tuple[Names, ...]:
    """Orders to try next: the failing one without some of its actions, most of them first.

    tried maps an order to whether it failed. None are left where no action can go, or where
    RUNS_MAX were tried.
    """
    left_n = min(BATCH_N, RUNS_MAX - len(tried))
    found: dict[Names, None] = {}
    for fewer in _without_some(model, order):
        if fewer not in tried and len(found) < left_n:
            found[fewer] = None
    return tuple(found)


def shortest(order: Names, tried: Mapping[Names, bool]) -> Names:
    """The shortest order that failed and whose actions the given one holds."""
    failed = [other for other, fails in tried.items() if fails and holds(order, other)]
    return min([order, *failed], key=len)


def _without_some(model: Model, order: Names) -> Iterator[Names]:
    """Half of the actions gone, then a quarter, down to single ones and any two."""
    size = len(order) // 2
    while size >= 1:
        for at in range(0, len(order) - size + 1, max(1, size // 2)):
            yield from _mended(model, (*order[:at], *order[at + size :]))
        size //= 2
    for first in range(len(order)):
        for second in range(first + 2, len(order)):
            rest = [name for at, name in enumerate(order) if at not in (first, second)]
            yield from _mended(model, tuple(rest))


def _mended(model: Model, order: Names) -> Iterator[Names]:
    """The order without what makes no sense any more, if it makes any then."""
    rules = {rule.name: rule for rule in model.rules}
    state, kept = Facts(model.begins), []
    for name in order:
        if state.permit(rules[name]):
            kept.append(name)
            state = state.after(rules[name])
    if model.allows(kept):
        yield tuple(kept)


def order_trigger(failing: Sequence[Case], passing: Sequence[Case]) -> Trigger | None:
    """The shortest order that fails, in words; None where no failing case has an order.

    Whether it is enough is counted: the cases that hold it, whatever is done between. Cases
    without an order are left out.
    """
    failing = [case for case in failing if ORDER in case.levels]
    orders = [names_of(case.levels[ORDER]) for case in failing]
    if not orders:
        return None
    least = min(orders, key=len)
    such = [order for order in orders if holds(order, least)]
    good = [names_of(case.levels[ORDER]) for case in passing if ORDER in case.levels]
    spared_n = sum(holds(order, least) for order in good)
    scenarios = " and ".join(dict.fromkeys(case.scenario for case in failing))
    all_n = len(such) + spared_n
    many = f"{len(such)} of {all_n} such cases" if spared_n else f"all {all_n} such cases"
    counts = f"{'the one such case' if all_n == 1 else many} of {scenarios}"
    others_n = len(good) - spared_n
    if others_n or len(orders) > len(such):
        counts += f", {len(orders) - len(such)} of {len(orders) - len(such) + others_n} others"
    return Trigger(f"when {_done(least)} ({counts})", {ORDER: (THEN.join(least),)})


def _done(order: Names) -> str:
    if len(order) == 1:
        return f"{order[0]} is done"
    return f"{', '.join(order)} are done in this order"
