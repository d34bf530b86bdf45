"""The requests a scenario makes without a page, such as signing in: kept for a reproduction.

What an answer gave and a later request uses, such as a new record's id, is kept as where it came
from; what is called like a secret is kept by its name alone.
"""

from __future__ import annotations

import functools
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

METHODS = ("get", "post", "put", "patch", "delete", "head")
BODIES = ("data", "form", "multipart", "params", "headers")
SECRET = re.compile(
    r"pass(word|wd|phrase)?$|secret|token|csrf|authori[sz]ation|cookie|api.?key", re.IGNORECASE
)
ANSWER_BYTES_MAX = 65_536
CALLS_MAX = 500
TELLING_CHARS = 8
# A file of this size is made anew by whoever reproduces it: its bytes would hide the steps.
FILE_BYTES_MAX = 2_000


@dataclass(slots=True)
class Call:
    """One request: jar is whose cookies it used, answer what came back, where that is JSON."""

    wall_s: float
    trial: str
    jar: int
    method: str
    url: str
    how: Mapping[str, Any]
    answer: Any = None


@dataclass(frozen=True, slots=True)
class Given:
    """A value of an answer: which call's, where in it, and what the call was about."""

    call: str
    path: tuple[str, ...]
    value: Any
    noun: str


@dataclass(slots=True)
class Calls:
    """Every request of this process, and the sessions that were taken from their answers."""

    trial: str = ""
    made: list[Call] = field(default_factory=list)
    states: list[tuple[int, Any]] = field(default_factory=list)
    # Kept alive, so that no other is given its id.
    _jars: dict[int, Any] = field(default_factory=dict)
    _undo: list[tuple[str, Any]] = field(default_factory=list)
    _strange: set[int] = field(default_factory=set)

    def listen(self) -> None:
        """Note every request from now on."""
        from playwright.sync_api import APIRequestContext

        for name in (*METHODS, "storage_state"):
            original = getattr(APIRequestContext, name)
            wrapper = self._noting_state if name == "storage_state" else self._noting(name)
            self._undo.append((name, original))
            setattr(APIRequestContext, name, functools.wraps(original)(wrapper(original)))

    def stop(self) -> None:
        """Note nothing more."""
        from playwright.sync_api import APIRequestContext

        for name, original in self._undo:
            setattr(APIRequestContext, name, original)
        self._undo.clear()

    def leave_out(self, request: Any) -> None:
        """Note nothing of this request context: it looks at what was done, and does none of it."""
        self._strange.add(self.jar(request))

    def _noting(self, name: str) -> Callable[[Any], Any]:
        def wrapper(original: Any) -> Any:
            def call(request: Any, url: str, **how: Any) -> Any:
                began_s = time.time()
                response = original(request, url, **how)
                jar = self.jar(request)
                if len(self.made) < CALLS_MAX and jar not in self._strange:
                    kept = {key: how[key] for key in BODIES if how.get(key) is not None}
                    made = Call(began_s, self.trial, jar, name, url, kept, _json(response))
                    self.made.append(made)
                return response

            return call

        return wrapper

    def _noting_state(self, original: Any) -> Any:
        def call(request: Any, **how: Any) -> Any:
            state = original(request, **how)
            self.states.append((self.jar(request), state))
            return state

        return call

    def jar(self, request: Any) -> int:
        """Whose cookies a request context uses, as a number."""
        made = request._impl_obj
        self._jars[id(made)] = made
        return id(made)

    def jar_of(self, state: Any) -> int | None:
        """Whose session a browser context starts with; None where no request made it."""
        return next((jar for jar, made in reversed(self.states) if made == state), None)

    def before(self, wall_s: float) -> list[Given]:
        """Every value of an answer given by then."""
        return [
            Given(str(at), path, value, _noun(call.url))
            for at, call in enumerate(self.made)
            if call.wall_s < wall_s
            for path, value in _leaves(call.answer)
        ]

    def url(self, url: str, wall_s: float) -> list[Any]:
        """A URL below the application's, in parts: texts, and values that an answer gave."""
        whole = urlsplit(url)
        path = whole.path + (f"?{whole.query}" if whole.query else "")
        known = self.before(wall_s)
        parts = [part for part in re.split(r"([/?&=])", path) if part]
        nouns = ["", "", *parts]
        return [
            _source(part, f"{noun}_id", known) or part
            for noun, part in zip(nouns, parts, strict=False)
        ]

    def body(self, data: Any, wall_s: float, name: str = "") -> Any:
        """What was sent, with where its values came from; name is what it is called."""
        return _told(data, name, self.before(wall_s))


def _json(response: Any) -> Any:
    if "json" not in response.headers.get("content-type", ""):
        return None
    body = response.body()
    if len(body) > ANSWER_BYTES_MAX:
        return None
    try:
        return response.json()
    except ValueError:
        return None


def _noun(url: str) -> str:
    """What a URL speaks of: its last part that is a word."""
    words = [part for part in urlsplit(url).path.split("/") if part and not part.isdigit()]
    return words[-1].lower() if words else ""


def _leaves(data: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(data, dict):
        for key, value in data.items():
            yield from _leaves(value, (*path, str(key)))
    elif isinstance(data, list):
        for at, value in enumerate(data[:20]):
            yield from _leaves(value, (*path, str(at)))
    elif isinstance(data, str | int) and not isinstance(data, bool):
        yield path, data


def _told(data: Any, name: str, known: list[Given]) -> Any:
    if isinstance(data, dict):
        if {"name", "mimeType", "buffer"} <= data.keys():
            return {"$file": [str(data["name"]), str(data["mimeType"]), _content(data["buffer"])]}
        return {str(key): _told(value, str(key), known) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_told(value, name, known) for value in data]
    source = _source(data, name, known)
    if source is not None:
        return source
    if SECRET.search(name) and isinstance(data, str):
        return {"$secret": name}
    if isinstance(data, bytes):
        return {"$bytes": _content(data)}
    return data if isinstance(data, str | int | float | bool | None) else str(data)


def _source(value: Any, name: str, known: list[Given]) -> Any:
    """Where a value came from; None where it is the scenario's own.

    A long text is told by itself, a number or a short one only where both are called alike. The
    latest answer counts, and before it one to a call about what the name speaks of.
    """
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    text, noun, last = str(value), *_called(name)
    found = [
        given
        for given in reversed(known)
        if str(given.value) == text
        and (
            (given.path and _called(given.path[-1])[1] == last)
            or (isinstance(given.value, str) and len(text) >= TELLING_CHARS)
        )
    ]
    about = [given for given in found if noun and given.noun.startswith(noun)]
    best = next(iter(about or found), None)
    return {"$answer": [best.call, *best.path]} if best else None


def _called(name: str) -> tuple[str, str]:
    """What a name speaks of, and what of it: ``patient_id`` is the id of a patient."""
    noun, _, last = re.sub(r"-", "_", name.lower()).rpartition("_")
    return noun, last


def _content(data: bytes) -> str:
    """A file's bytes as Latin-1, which gives each byte a character; no more than are readable."""
    return data[:FILE_BYTES_MAX].decode("latin-1")
