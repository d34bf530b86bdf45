"""The committed dashboards as tests read them, and expressions taken apart."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import promql_parser

from dashboards.programs import HERE

Tree = dict[str, Any]
JSON = sorted((HERE / "grafana" / "json").glob("*.json"))
# What Grafana puts in place of its variables while a dashboard shows everything.
STANDS_FOR = {
    "$__rate_interval": "1m",
    "$__range": "30m",
    "$app": ".*",
    "$form": ".*",
    "$release": ".*",
}
PARTS = ("lhs", "rhs", "expr", "args", "vector_selector", "param")


@dataclass(frozen=True)
class Asked:
    """One query of a panel."""

    dashboard: str
    panel: int
    ref_id: str
    target: Tree

    @property
    def key(self) -> str:
        """Where it stands."""
        return f"{self.dashboard} {self.panel}{self.ref_id}"

    @property
    def expr(self) -> str:
        """What Prometheus is asked."""
        return substituted(str(self.target["expr"]))


def substituted(text: str) -> str:
    """A query with values in place of variables, the longest names first."""
    for name in sorted(STANDS_FOR, key=len, reverse=True):
        text = text.replace(name, STANDS_FOR[name])
    assert "$" not in text
    return text


def loaded() -> Iterator[Tree]:
    """Every committed dashboard."""
    for path in JSON:
        yield json.loads(path.read_text(encoding="utf-8"))


def asked() -> list[Asked]:
    """Every query of every panel."""
    return [
        Asked(found["uid"], panel["id"], target["refId"], target)
        for found in loaded()
        for panel in found["panels"]
        for target in panel["targets"]
    ]


def selectors(expr: str) -> Iterator[tuple[str, set[str]]]:
    """Every metric that an expression selects, with the labels that it is selected by."""
    yield from _selectors(promql_parser.parse(expr))


def _selectors(node: Any) -> Iterator[tuple[str, set[str]]]:
    if isinstance(node, promql_parser.VectorSelector):
        assert node.name
        yield node.name, {matcher.name for matcher in node.matchers.matchers}
    for part in PARTS:
        below = getattr(node, part, None)
        for each in below if isinstance(below, list) else [below]:
            if each is not None and not isinstance(each, str | float):
                yield from _selectors(each)
