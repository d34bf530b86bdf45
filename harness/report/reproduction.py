"""A recorded loss as a script that needs Playwright alone, for the developer who mends it.

Every value of it is hostile: what comes from a run stands in the script as a Python literal.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import resources
from typing import Any

from harness.exhibits import Exhibit, Journey
from harness.model import FileValue, Form, Value
from harness.report.clean import one_line

_FRAME = resources.files(__package__).joinpath("templates/reproduce.txt").read_text("utf-8")
_PLACE = re.compile(r"#(HEADER|STEPS|DUE|LEFT_OUT)#")
_COMMENT_CHARS_MAX = 160
_PLAIN = {
    "click": "click", "dblclick": "dblclick", "tap": "tap", "check": "check",
    "uncheck": "uncheck", "hover": "hover", "focus": "focus", "blur": "blur",
}  # fmt: skip
_VALUED = {"fill": ("fill", "value"), "type": ("press_sequentially", "text")}
_NAVIGATING = {"reload": "reload", "goBack": "go_back", "goForward": "go_forward"}


def script(
    exhibits: Sequence[Exhibit], recorded: Mapping[str, Any], forms: Mapping[str, Form]
) -> str:
    """The whole script; recorded is what the trial kept of its steps."""
    record = next((e.record for e in exhibits if e.record in recorded["records"]), None)
    body = [*_steps(recorded["steps"]), *_storage(exhibits, record, recorded, forms)]
    parts = {
        "HEADER": "\n".join(_header(exhibits)),
        "STEPS": "\n".join(f"    {line}" for line in body or ["pass"]),
        "DUE": _due(exhibits),
        "LEFT_OUT": _literal(_left_out(exhibits, recorded["steps"])),
    }
    # In one pass, so that no value is taken for a place.
    return _PLACE.sub(lambda place: parts[place[1]], _FRAME)


def _header(exhibits: Sequence[Exhibit]) -> Iterator[str]:
    for exhibit in exhibits:
        yield _comment(exhibit.sentence)
        for journey in exhibit.journeys:
            due, found = _ends(journey)
            yield _comment(f"{journey.field}: due {_shown(due)}")
            yield _comment(f"{journey.field}: found {_shown(found)}")
    yield _comment(f"seen in {exhibits[0].case}" if exhibits else "seen")


def _ends(journey: Journey) -> tuple[Value, Value]:
    """What was due and what was found, of the ways a value goes."""
    stations = {station.name: station for station in journey.stations}
    first = stations.get("typed") or stations.get("before") or journey.stations[0]
    last = stations.get("stored") or journey.stations[-1]
    if last.value == first.value and "shown" in stations:
        last = stations["shown"]
    return first.value, last.value


def _comment(text: str) -> str:
    return f"# {ascii(one_line(text, 1000))[1:-1]}"


def _shown(value: Value) -> str:
    text = ascii(value)
    return text if len(text) <= _COMMENT_CHARS_MAX else f"{text[:_COMMENT_CHARS_MAX]}..."


def _due(exhibits: Sequence[Exhibit]) -> str:
    due = {
        journey.field: value
        for exhibit in exhibits
        for journey in exhibit.journeys
        if isinstance(value := _ends(journey)[0], str | None) and not isinstance(value, FileValue)
    }
    return _literal(due)


def _left_out(exhibits: Sequence[Exhibit], steps: Sequence[Mapping[str, Any]]) -> list[str]:
    """Fields whose text no step holds: it was typed in a way that a trace does not show."""
    done = {"".join(text.split()) for text in _texts(steps)}
    due = {j.field: _ends(j)[0] for exhibit in exhibits for j in exhibit.journeys}
    return [
        name
        for name, text in due.items()
        if isinstance(text, str) and not any("".join(text.split()) in whole for whole in done)
    ]


def _texts(data: Any) -> Iterator[str]:
    if isinstance(data, str):
        yield data
    elif isinstance(data, Mapping):
        for value in data.values():
            yield from _texts(value)
    elif isinstance(data, Sequence):
        for value in data:
            yield from _texts(value)


def _literal(value: Any) -> str:
    """A literal of plain characters that is the value."""
    return ascii(value)


# --- the steps -------------------------------------------------------------------------------


def _steps(steps: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    jars: dict[Any, str] = {}
    for step in steps:
        match step["do"]:
            case "call":
                yield from _call(step, jars)
            case "context":
                yield _context(step, jars)
            case "page":
                number = int(step["context"])
                yield f"pages[{number}].append(contexts[{number}].new_page())"
            case "act":
                yield _act(step)


def _call(step: Mapping[str, Any], jars: dict[Any, str]) -> Iterator[str]:
    if step["context"] is not None:
        jar = f"contexts[{int(step['context'])}].request"
    elif step["jar"] in jars:
        jar = jars[step["jar"]]
    else:
        jar = jars[step["jar"]] = f"requests[{len(jars)}]"
        yield f"{jar} = playwright.request.new_context(base_url=url)"
    how = "".join(
        f", {name}={_told(value)}" for name, value in step["how"].items() if name.isidentifier()
    )
    method = step["method"] if str(step["method"]).isidentifier() else "get"
    yield f"answers[{_literal(step['call'])}] = answered({jar}.{method}({_url(step['url'])}{how}))"


def _context(step: Mapping[str, Any], jars: Mapping[Any, str]) -> str:
    options = _literal(step["options"])
    jar = jars.get(step["state"])
    state = f", state={jar}.storage_state()" if jar else ""
    number = int(step["context"])
    return f"contexts[{number}] = opened(browser, url, {options}{state})"


def _told(value: Any) -> str:
    """An expression for what was sent, with what answers gave in its places."""
    if isinstance(value, list):
        return f"[{', '.join(map(_told, value))}]"
    if not isinstance(value, dict):
        return _literal(value)
    if "$answer" in value:
        return f"picked(answers, {', '.join(map(_literal, value['$answer']))})"
    if "$secret" in value:
        return f"secret({_literal(value['$secret'])})"
    if "$bytes" in value:
        return _literal(str(value["$bytes"]).encode("latin-1"))
    if "$file" in value:
        name, kind, content = value["$file"]
        file = {"name": name, "mimeType": kind, "buffer": str(content).encode("latin-1")}
        return _literal(file)
    return "{" + ", ".join(f"{_literal(k)}: {_told(v)}" for k, v in value.items()) + "}"


def _url(parts: Sequence[Any]) -> str:
    if all(isinstance(part, str) for part in parts):
        return _literal("".join(parts))
    merged: list[Any] = []
    for part in parts:
        if isinstance(part, str) and merged and isinstance(merged[-1], str):
            merged[-1] += part
        else:
            merged.append(part)
    return f"joined({', '.join(_told(part) for part in merged)})"


def _act(step: Mapping[str, Any]) -> str:
    method, params = step["method"], step["params"]
    page = f"page(pages, {int(step['context'])}, {int(step['page'])})"
    place = f"{page}.locator({_literal(params.get('selector', 'html'))})"
    if method == "goto":
        return f"{page}.goto({_url(params['url'])})"
    if method in _NAVIGATING:
        return f"{page}.{_NAVIGATING[method]}()"
    if method in _PLAIN:
        kept = {k: params[k] for k in ("button", "modifiers", "position") if params.get(k)}
        return f"{place}.{_PLAIN[method]}({'**' + _literal(kept) if kept else ''})"
    if method in _VALUED:
        act, name = _VALUED[method]
        return f"{place}.{act}({_told(params.get(name, ''))})"
    if method.startswith("keyboard"):
        act = {"keyboardPress": "press", "keyboardInsertText": "insert_text"}.get(method, "type")
        return f"{page}.keyboard.{act}({_told(params.get('key', params.get('text', '')))})"
    return _rarer(method, params, page, place)


def _rarer(method: str, params: Mapping[str, Any], page: str, place: str) -> str:
    act = _RARER.get(method)
    return act(params, page, place) if act else f"print({_literal(f'left out: {method}')})"


def _chosen(params: Mapping[str, Any], _: str, place: str) -> str:
    chosen = [next(iter(option.values())) for option in params.get("options", []) if option]
    return f"{place}.select_option({_literal(chosen)})"


def _files(params: Mapping[str, Any], _: str, place: str) -> str:
    names = [str(path).rsplit("/", 1)[-1] for path in params.get("localPaths") or ()]
    return f"{place}.set_input_files([FILES / name for name in {_literal(names)}])"


def _dragged(params: Mapping[str, Any], page: str, _: str) -> str:
    source, target = _literal(params.get("source")), _literal(params.get("target"))
    return f"{page}.drag_and_drop({source}, {target})"


def _awaited(params: Mapping[str, Any], _: str, place: str) -> str:
    return f"{place}.wait_for(state={_literal(params.get('state', 'visible'))})"


_RARER: Mapping[str, Callable[[Mapping[str, Any], str, str], str]] = {
    "press": lambda params, _, place: f"{place}.press({_literal(params['key'])})",
    "said": lambda _, __, place: f"said({place})",
    "dispatchEvent": lambda params, _, place: (
        f"{place}.dispatch_event({_literal(params.get('type', ''))})"
    ),
    "waitForSelector": _awaited,
    "insert": lambda params, _, place: f"inserted({place}, {_literal(params['text'])})",
    "selectOption": _chosen,
    "setInputFiles": _files,
    "dragAndDrop": _dragged,
}


# --- what storage holds ----------------------------------------------------------------------


def _storage(
    exhibits: Sequence[Exhibit],
    record: str | None,
    recorded: Mapping[str, Any],
    forms: Mapping[str, Form],
) -> Iterator[str]:
    """The call that reads the record back; nothing where its key is not known."""
    if record is None:
        return
    form = forms.get(recorded["records"][record]["form"])
    key = recorded["records"][record]["key"]
    names = [j.field for e in exhibits if e.record == record for j in e.journeys]
    if form is None or not key:
        return
    columns = {f.name: f.column for f in form.fields if f.name in names}
    yield (
        f"stored = held(options.dsn, {_literal(sql(form, columns))}, "
        f"[{', '.join(map(_told, key))}], {_literal(list(columns))})"
    )


def sql(form: Form, columns: Mapping[str, str]) -> str:
    """What reads these columns of one record; its key is passed beside it, as texts."""
    what = ", ".join(_quoted(column) for column in columns.values()) or "1"
    table = (
        f"({form.query}) AS found"
        if form.query
        else ".".join(_quoted(part) for part in str(form.table).split("."))
    )
    where = " AND ".join(f"{_quoted(column)}::text = %s" for column in form.key)
    # Names and queries are the plan's own, which read storage in the gate as well.
    return f"SELECT {what} FROM {table} WHERE {where}"  # noqa: S608


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def read_steps(text: str) -> Mapping[str, Any]:
    """What a trial kept of its steps; raises ValueError where that is not what it holds."""
    found = json.loads(text)
    if not isinstance(found, dict) or not {"steps", "records"} <= found.keys():
        raise ValueError("no steps are in it")
    return found
