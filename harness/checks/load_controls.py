"""Controls of a load: a whole record damaged on purpose, which sieve and oracle both must catch."""

from __future__ import annotations

from collections.abc import Mapping

from harness.checks.controls import Controls, Planted, damaged
from harness.checks.oracle import Oracle
from harness.checks.owing import Owing, RowPrints, shape_of
from harness.checks.retelling import LOAD, retold
from harness.model import Form
from harness.observations import Observation, Row
from harness.prints import printed


def plant_load_controls(
    whole: Mapping[str, tuple[Owing, RowPrints]], forms: Mapping[str, Form], tag: str
) -> Controls:
    """Damage a copy of one record of each form, made again from what was saved."""
    planted, caught = 0, 0
    missed: list[str] = []
    for name, (owing, _) in whole.items():
        for control in _damaged(owing, forms, tag):
            planted += 1
            asleep = _asleep(control, owing)
            caught += not asleep
            if asleep:
                missed.append(f"{control.damage} in form {name} under load: the {asleep} missed it")
    return Controls(planted, caught, tuple(missed), frozenset(whole))


def _asleep(control: Planted, owing: Owing) -> str:
    """Who did not see the damage; "" where both did."""
    rows = [printed(row, owing.form).prints for row in control.rows]
    if not shape_of(owing, rows):
        return "sieve"
    return "" if control.is_caught() else "oracle"


def _damaged(owing: Owing, forms: Mapping[str, Form], tag: str) -> list[Planted]:
    """The record's row as its saves left it, damaged in every way its fields allow."""
    history = retold(owing.handles, forms, tag)
    record = next(iter(history.trials.values())).records[0]
    key = record.key or ("1",)
    values = {
        name: save.intended.values[name] for save in record.saves for name in save.intended.values
    }
    fields = {spec.name: values.get(spec.name) for spec in owing.form.fields}
    observation = Observation(
        "planted",
        LOAD,
        "final",
        float("inf"),
        float("inf"),
        {owing.form.name: (Row(owing.form.name, key, fields),)},
    )
    return list(damaged(Oracle(LOAD, tag, forms, history, [observation])))
