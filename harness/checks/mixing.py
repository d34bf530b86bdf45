"""Fields of two saves that overlapped, mixed: each field alone is right, the record is not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from harness.checks.targets import Target
from harness.contracts import same
from harness.model import Value


def mixed_fields(target: Target, held: Mapping[str, Value]) -> Iterator[tuple[str, str]]:
    """(field, note) of each field that another save won than the one that won its neighbour.

    Under last-wins one of two overlapping saves is the last one, for all the fields that both
    wrote.
    """
    if target.form.concurrent != "last-wins":
        return
    winners = {name: _winners(target, name, held[name]) for name in target.due.fields}
    for name, won in winners.items():
        place = target.due.fields[name]
        if place.save is None or place.save.id in won or not won:
            continue
        rivals = {told.save.id: told.save for told in place.rivals}
        for winner in won & rivals.keys():
            beside = [
                other
                for other, others in winners.items()
                if other in rivals[winner].intended.values
                and place.save.id in others
                and winner not in others
            ]
            if beside:
                yield name, f"{name} is of one save and {beside[0]} of another, made meanwhile"
                break


def _winners(target: Target, name: str, held: Value) -> set[str]:
    """The saves that typed what the field holds, of those that may have been the last."""
    place, spec = target.due.fields[name], target.form.field(name)
    if place.save is None or not place.rivals:
        return set()
    mine = [(place.save.id, place.value), *((t.save.id, t.value) for t in place.rivals)]
    return {save for save, value in mine if same(value, held, spec.contract, spec.kind)}
