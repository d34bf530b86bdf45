"""What a recorded trial did, step by step, for a script that does it again without the harness."""

from __future__ import annotations

import json
import time
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.journal.handles import Record
from harness.plugin.calls import SECRET, Call, Calls

# Everything that does something to a page; looking at one is no step.
ACTS = frozenset(
    {
        "goto", "reload", "goBack", "goForward", "click", "dblclick", "tap", "fill", "type",
        "press", "check", "uncheck", "hover", "focus", "blur", "selectOption", "setInputFiles",
        "dragAndDrop", "dispatchEvent", "waitForSelector",
        "keyboardType", "keyboardPress", "keyboardInsertText",
    }
)  # fmt: skip
TRACE_BYTES_MAX = 20_000_000
STEPS_MAX = 1_000


def steps_of(
    calls: Calls,
    trial: str,
    traces: Sequence[tuple[Path, int, Any]],
    acts: Iterable[tuple[float, dict[str, Any]]] = (),
) -> list[dict[str, Any]]:
    """The steps of a trial in order of time; traces are (file, jar, session it started with).

    acts are those that no trace holds, each with its time on the wall clock.
    """
    found = [*acts]
    for context, (path, _, state) in enumerate(traces):
        found += _of_trace(path, context, calls, calls.jar_of(state))
    jars = {jar: context for context, (_, jar, _) in enumerate(traces)}
    found += [
        (call.wall_s, _of_call(str(at), call, calls, jars))
        for at, call in enumerate(calls.made)
        if call.trial == trial or call.jar not in jars
    ]
    ordered = [step for _, step in sorted(found, key=lambda pair: pair[0])]
    return _used(ordered, {str(at) for at, c in enumerate(calls.made) if c.trial == trial})


def records_of(calls: Calls, records: Iterable[Record]) -> dict[str, Any]:
    """Each record's form and key, the key as where it came from."""
    now_s = time.time()
    return {
        record.id: {
            "form": record.form.name,
            "key": [calls.body(part, now_s, f"{record.form.name}_id") for part in record.key or ()],
        }
        for record in records
    }


def _of_call(at: str, call: Call, calls: Calls, jars: Mapping[int, int]) -> dict[str, Any]:
    return {
        "do": "call",
        "call": at,
        "jar": call.jar,
        "context": jars.get(call.jar),
        "method": call.method,
        "url": calls.url(call.url, call.wall_s),
        "how": {key: calls.body(value, call.wall_s, key) for key, value in call.how.items()},
    }


def _of_trace(
    path: Path, context: int, calls: Calls, state: int | None
) -> Iterator[tuple[float, dict[str, Any]]]:
    """The acts of one browser context, with the page of each."""
    lines = _lines(path)
    start = next((line for line in lines if line["type"] == "context-options"), None)
    if start is None:
        return
    zero_s = start["wallTime"] / 1000 - start["monotonicTime"] / 1000
    kept = ("locale", "timezoneId", "viewport", "userAgent", "isMobile", "hasTouch", "colorScheme")
    options = {key: value for key, value in start["options"].items() if key in kept}
    began_s = start["wallTime"] / 1000
    yield began_s, {"do": "context", "context": context, "state": state, "options": options}
    pages = _pages(lines)
    numbers: dict[str, int] = {}
    for line in lines:
        if line["type"] == "event" and line.get("method") == "page":
            numbers[line["params"]["pageId"]] = len(numbers)
            continue
        if line["type"] != "before":
            continue
        at_s = zero_s + line["startTime"] / 1000
        if line["method"] == "newPage":
            yield at_s, {"do": "page", "context": context}
        elif (found := _act(line)) is not None:
            method, params = found
            if "url" in params:
                params["url"] = calls.url(params["url"], at_s)
            page = numbers.get(pages.get(line["callId"], ""), max(len(numbers) - 1, 0))
            act = {"do": "act", "context": context, "page": page, "method": method}
            yield at_s, {**act, "params": params}


def _act(line: Mapping[str, Any]) -> tuple[str, dict[str, Any]] | None:
    """What a line of the trace does or waits for, and how; None where it only looks."""
    method, params = line["method"], line["params"]
    selector = str(params.get("selector", ""))
    if method == "expect" and params.get("expression") in _AWAITED and not params.get("isNot"):
        return "waitForSelector", {"selector": selector, "state": _AWAITED[params["expression"]]}
    if method == "evalOnSelectorAll" and "awaitFresh" in str(params.get("expression")):
        return "said", {"selector": selector}
    if method not in ACTS:
        return None
    kept = {k: v for k, v in params.items() if k not in _OURS}
    if method in ("fill", "type") and SECRET.search(selector):
        kept |= {"value": {"$secret": "password"}, "text": {"$secret": "password"}}
    return method, kept


_AWAITED = {"to.be.visible": "visible", "to.be.hidden": "hidden"}
_OURS = frozenset({"timeout", "strict", "waitUntil", "noWaitAfter", "streams"})


def _pages(lines: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The page of each act, by the snapshots that were taken of it."""
    snapshots = (line["snapshot"] for line in lines if line["type"] == "frame-snapshot")
    return {s["callId"]: s["pageId"] for s in snapshots if "callId" in s and "pageId" in s}


def _lines(path: Path) -> list[dict[str, Any]]:
    with zipfile.ZipFile(path) as packed:
        inside = packed.getinfo("trace.trace")
        if inside.file_size > TRACE_BYTES_MAX:
            return []
        return [json.loads(line) for line in packed.read(inside).splitlines() if line]


def _used(steps: list[dict[str, Any]], own: set[str]) -> list[dict[str, Any]]:
    """The steps without calls of other trials that nothing of this one stands on."""
    needed = set(own)
    kept: list[dict[str, Any]] = []
    jars = {step["state"] for step in steps if step["do"] == "context"}
    for step in reversed(steps[:STEPS_MAX]):
        if step["do"] == "call" and step["call"] not in needed and step["jar"] not in jars:
            continue
        needed |= set(_answers(step))
        kept.append(step)
    return kept[::-1]


def _answers(data: Any) -> Iterator[str]:
    """The calls whose answers a step uses."""
    if isinstance(data, dict):
        if "$answer" in data:
            yield str(data["$answer"][0])
        for value in data.values():
            yield from _answers(value)
    elif isinstance(data, list):
        for value in data:
            yield from _answers(value)
