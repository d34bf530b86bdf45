"""Whatever stands in a plan, it is read or refused in words; it never crashes the reader."""

import copy
import json
import tomllib
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.errors import PlanError
from harness.plan import load_plan
from harness.plan.secrecy import texts, with_texts
from tests.plan.test_reference import ENV, EXAMPLES


def whole() -> dict[str, Any]:
    """A plan with every table of the reference in it."""
    plan: dict[str, Any] = {}
    for example in EXAMPLES:
        for name, value in tomllib.loads(example).items():
            if isinstance(value, dict):
                deeper = {k: v for k, v in value.items() if k not in ("document", "worker")}
                plan.setdefault(name, {}).update(deeper)
            else:
                plan.setdefault(name, value)
    document = tomllib.loads("".join(e for e in EXAMPLES if "[form.document" in e))
    plan["form"]["document"] = document["form"]["document"]
    plan["release"]["worker"] = {"command": ["w"]}
    for entry in (*plan["known"], *plan["quarantine"]):
        entry["expires"] = "2030-01-31"
    return plan


def toml(value: Any) -> str:
    """The value as TOML writes it within a line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k)} = {toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value).replace("Infinity", "inf").replace("NaN", "nan")


def places(data: Any, where: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inside = (
        data.items()
        if isinstance(data, dict)
        else enumerate(data)
        if isinstance(data, list)
        else ()
    )
    return [where, *(place for key, value in inside for place in places(value, (*where, key)))]


WHOLE = whole()
ODD: list[Any] = [
    0,
    -1,
    True,
    1.5,
    float("inf"),
    "",
    "x",
    "{",
    "{storage.main.url}",
    "${A}",
    "${-}",
]
ODD += [[], [[]], ["a", 1], {}, {"a": 1}, {"a": {"b": {}}}, {"command": 1}, [{}], "a b"]


@settings(
    deadline=None, max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(where=st.sampled_from([p for p in places(WHOLE) if p]), odd=st.sampled_from(ODD))
def test_any_value_in_any_place_is_read_or_refused(
    tmp_path: Path, where: tuple[Any, ...], odd: Any
) -> None:
    """A value of any type in the place of another is a plan or a PlanError with its problems."""
    plan = copy.deepcopy(WHOLE)
    table = plan
    for part in where[:-1]:
        table = table[part]
    table[where[-1]] = odd
    path = tmp_path / "harness.toml"
    path.write_text("\n".join(f"{k} = {toml(v)}" for k, v in plan.items()), encoding="utf-8")
    said: tuple[str, ...] = ()
    try:
        read = load_plan(path, ENV)
    except PlanError as error:
        said = error.problems
    else:
        said = tuple(read.forms("2.0"))
        json.dumps(read.redacted())

    assert said
    assert all(said)


def test_the_whole_plan_is_valid(tmp_path: Path) -> None:
    """What the inputs above are made from is itself a plan."""
    path = tmp_path / "harness.toml"
    path.write_text("\n".join(f"{k} = {toml(v)}" for k, v in WHOLE.items()), encoding="utf-8")

    assert load_plan(path, ENV).forms("2.0")


def test_texts_are_found_and_changed_alike() -> None:
    """Every text that is looked at can be changed, and nothing else is."""
    changed = with_texts(WHOLE, lambda where, text: text + "!")

    assert [(w, t + "!") for w, t in texts(WHOLE)] == list(texts(changed))
