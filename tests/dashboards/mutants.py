"""Alert rules with one figure made wrong, to see whether their tests notice."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from typing import Any

# A literal of an expression: not part of a name, of a duration, of a range or of a string.
FIGURE = re.compile(r'(?<![\w.:\[{"~])\d+(\.\d+)?(?![\w.:\]"])')
# One alternative of an expression stands on lines of its own, at the margin.
ALTERNATIVE = re.compile(r"\nor\n")
DURATION = re.compile(r"(\d+)([smhd])")
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}

Rules = dict[str, Any]


def alerts(rules: Rules) -> dict[str, Rules]:
    """Every alert by its name."""
    return {
        rule["alert"]: rule
        for group in rules["groups"]
        for rule in group["rules"]
        if "alert" in rule
    }


def seconds(duration: str) -> int:
    """A duration as Prometheus writes it."""
    parts = DURATION.findall(duration)
    assert "".join(number + unit for number, unit in parts) == duration
    return sum(int(number) * SECONDS[unit] for number, unit in parts)


def other_figures(figure: float) -> list[float]:
    """A fourth more and a fifth less; what is 0 becomes clearly another number."""
    return [figure * 1.25, figure * 0.8] if figure else [2.0, -2.0]


def other_waits(wait: str) -> list[str]:
    """Twice and half as long; what does not wait does."""
    found = seconds(wait)
    return [f"{found * 2}s", f"{found // 2}s"] if found else ["1m"]


def mutants(rules: Rules, name: str) -> Iterator[tuple[str, Rules]]:
    """All rules, with one thing changed in the alert of that name, and what that is."""
    rule = alerts(rules)[name]
    expression = rule["expr"]
    for match in FIGURE.finditer(expression):
        if expression[: match.start()].endswith("vector("):
            continue  # the figure of a vector decides nothing
        for figure in other_figures(float(match[0])):
            changed = f"{expression[: match.start()]}{figure:g}{expression[match.end() :]}"
            yield f"{match[0]} at {match.start()} is {figure:g}", _with(rules, name, expr=changed)
    parts = ALTERNATIVE.split(expression)
    for left_out, part in enumerate(parts if len(parts) > 1 else []):
        changed = "\nor\n".join(one for place, one in enumerate(parts) if place != left_out)
        yield f"without {part.strip()!r}", _with(rules, name, expr=changed)
    for wait in other_waits(rule["for"]):
        yield f"for {rule['for']} is {wait}", _with(rules, name, **{"for": wait})


def without_alerts(rules: Rules) -> Rules:
    """The recording rules, and no alert."""
    return _reduced(rules, lambda rule: "record" in rule)


def alone(rules: Rules, name: str) -> Rules:
    """The recording rules and the alert of that name; the others would only cost time."""
    return _reduced(rules, lambda rule: rule.get("alert", name) == name)


def _reduced(rules: Rules, kept: Callable[[Rules], bool]) -> Rules:
    changed = copy.deepcopy(rules)
    for group in changed["groups"]:
        group["rules"] = [rule for rule in group["rules"] if kept(rule)]
    return changed


def _with(rules: Rules, name: str, **keys: str) -> Rules:
    changed = copy.deepcopy(rules)
    alerts(changed)[name].update(keys)
    return changed
