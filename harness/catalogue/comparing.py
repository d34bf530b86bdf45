"""What the gate said against what the release expects; pure."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from harness.catalogue.expectation import Expectation
from harness.verdict import Answer

# Not a factor of any case: which scenarios it happens in.
SCENARIO = "scenario"


class Parts(NamedTuple):
    """Which parts of a finding are as expected, in the order in which they count.

    None of what only a block has, and of what the release does not say.
    """

    anomaly: bool | None = None
    fields: bool | None = None
    layer: bool | None = None
    trigger: bool | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is right of a verdict, and why it is not; said is None where the gate gave none."""

    said: Answer | None
    verdict_right: bool
    parts: Parts
    why: str

    @property
    def right(self) -> bool:
        """Whether everything that was asked is right."""
        return self.verdict_right and not any(part is False for part in self.parts)


def compare(expected: Expectation, verdict: Mapping[str, Any]) -> Comparison:
    """How right the verdict is; verdict is what ``verdict.json`` holds.

    Of several findings that block and are not known, the one that is right in most counts.
    """
    said = Answer(verdict["verdict"])
    if said == expected.expect:
        words = ""
    else:
        words = f"expected {expected.expect}, the gate said {said}: {verdict['sentence']}"
    if expected.expect != "block":
        return Comparison(said, not words, Parts(), words)
    blocking = [f for f in verdict["findings"] if f["severity"] == "block" and f["known"] is None]
    if not blocking:
        return Comparison(said, not words, _parts(expected, None), words or "it found nothing")
    best = max(blocking, key=lambda f: [part is not False for part in _parts(expected, f)])
    why = words or "; ".join(_differences(expected, best))
    return Comparison(said, not words, _parts(expected, best), why)


def nothing_said(expected: Expectation, why: str) -> Comparison:
    """The comparison of a gate that gave no verdict."""
    parts = _parts(expected, None) if expected.expect == "block" else Parts()
    return Comparison(None, False, parts, f"the gate gave no verdict: {why}")


def _parts(expected: Expectation, finding: Mapping[str, Any] | None) -> Parts:
    if finding is None:
        return Parts(False, False, None if expected.layer is None else False, False)
    form_right = expected.form in (None, finding["form"])
    return Parts(
        anomaly=finding["anomaly"] == expected.anomaly,
        fields=form_right and set(finding["fields"]) == set(expected.fields or ()),
        layer=None if expected.layer is None else finding["layer"] == expected.layer,
        trigger=_triggers(expected.trigger, finding),
    )


def _triggers(expected: Mapping[str, Sequence[str]], finding: Mapping[str, Any]) -> bool:
    """Whether it happens under the expected factors and no other, at no level beyond theirs."""
    factors = {factor: levels for factor, levels in expected.items() if factor != SCENARIO}
    found = finding["trigger"]["conditions"]
    where = SCENARIO not in expected or _within(finding["scenarios"], expected[SCENARIO])
    return (
        where
        and found.keys() == factors.keys()
        and all(set(found[factor]) <= set(levels) for factor, levels in factors.items())
    )


def _within(scenarios: Sequence[str], patterns: Sequence[str]) -> bool:
    return bool(scenarios) and all(
        any(fits_scenario(scenario, pattern) for pattern in patterns) for scenario in scenarios
    )


def fits_scenario(scenario: str, pattern: str) -> bool:
    """Whether the pattern stands in the scenario's name, or is a glob for it or its function.

    >>> fits_scenario("test_a.py::test_two_tabs", "test_two*")
    True
    """
    names = (scenario, scenario.rpartition("::")[2])
    return pattern in scenario or any(fnmatch.fnmatchcase(name, pattern) for name in names)


def _differences(expected: Expectation, finding: Mapping[str, Any]) -> Iterator[str]:
    """A clause for each part of the finding that is not as expected."""
    right = _parts(expected, finding)
    if right.anomaly is False:
        yield f"expected {expected.anomaly}, found {finding['anomaly']}"
    if right.fields is False:
        found = ", ".join(finding["fields"])
        yield f"expected {', '.join(expected.fields or ())}, found {found} of {finding['form']}"
    if right.layer is False:
        yield f"expected layer {expected.layer}, found {finding['layer']}"
    if right.trigger is False:
        found = finding["trigger"]["conditions"] or finding["trigger"]["text"]
        yield f"expected trigger {_told(expected.trigger) or 'always'}, found {_told(found)}"


def _told(trigger: Mapping[str, Sequence[str]] | str) -> str:
    if isinstance(trigger, str):
        return trigger
    return " and ".join(f"{factor} = {' | '.join(levels)}" for factor, levels in trigger.items())
