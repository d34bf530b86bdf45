"""``${NAME}`` from the environment, and keeping what it held out of every text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from harness.hiding import HIDDEN, PASSWORDS, passwords, scrub, words_of_header
from harness.plan.expand import allowed, escape
from harness.plan.problems import Problem, Where, shown
from harness.suggest import nearest

__all__ = ["hide", "passwords", "scrub", "substitute", "texts", "unset", "with_texts"]

_VARIABLE = re.compile(r"\$(\$?)\{([^{}]*)\}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def texts(data: object, where: Where = ()) -> Iterator[tuple[Where, str]]:
    """Every text in the plan, with its place."""
    if isinstance(data, str):
        yield where, data
    elif isinstance(data, dict):
        for name, value in data.items():
            yield from texts(value, (*where, name))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from texts(value, (*where, index))


def with_texts(data: Any, change: Callable[[Where, str], str], where: Where = ()) -> Any:
    """A copy of the data with each text changed; keys stay as they are."""
    if isinstance(data, str):
        return change(where, data)
    if isinstance(data, dict):
        return {name: with_texts(value, change, (*where, name)) for name, value in data.items()}
    if isinstance(data, list):
        return [with_texts(value, change, (*where, n)) for n, value in enumerate(data)]
    return data


def substitute(data: Any, env: Mapping[str, str]) -> tuple[Any, frozenset[str]]:
    """The data with the environment's values in it, and those values, passwords and headers.

    A variable that is missing stays as it is written. ``$${NAME}`` is the text ``${NAME}``.
    """
    secrets: set[str] = set()

    def change(where: Where, text: str) -> str:
        def value(match: re.Match[str]) -> str:
            if match[1]:
                return match[0][1:]
            found = env.get(match[2], match[0])
            if match[2] in env:
                secrets.add(found)
            # A brace in a password is no placeholder.
            return escape(found) if allowed(where) else found

        return _VARIABLE.sub(value, text)

    substituted = with_texts(data, change)
    for secret in (*secrets, *(text for where, text in texts(substituted) if _is_url(where))):
        secrets.update(passwords(secret))
    for where, text in texts(substituted):
        if _is_header(where):
            secrets.update(words_of_header(text))
    return substituted, frozenset(secret for secret in secrets if secret)


def unset(
    data: Any, env: Mapping[str, str], *, required: bool | frozenset[str]
) -> Iterator[Problem]:
    """A problem per variable that is not set (if required) or that is no variable's name.

    required may name the tables in which variables have to be set.
    """
    for where, text in texts(data):
        for match in _VARIABLE.finditer(text):
            name = match[2]
            if match[1]:
                continue
            if not _NAME.fullmatch(name):
                told = f"{match[0]} is no variable; write ${{NAME}}, or $${{ for the text itself"
                yield Problem(where, shown(text), told)
            elif _is_required(where, required) and name not in env:
                meant = nearest(name, env)
                hint = f"; {meant} is set" if meant else ""
                told = f"the environment has no {name}; set it before the run{hint}"
                yield Problem(where, shown(hide(where, text)), told)


def _is_required(where: Where, required: bool | frozenset[str]) -> bool:
    return required if isinstance(required, bool) else where[0] in required


def hide(where: Where, text: str) -> str:
    """The text without a password that the plan holds in the clear."""
    if _is_header(where):
        return text if "${" in text else HIDDEN
    if not _is_url(where):
        return text
    for pattern in PASSWORDS:
        text = pattern.sub(lambda m: m[0] if "${" in m[2] else m[1] + HIDDEN, text)
    return text


def is_api(url: str) -> bool:
    """Whether a storage's address is that of an API, and not of a database."""
    return url.lower().startswith(("http://", "https://"))


def _is_header(where: Where) -> bool:
    return where[:2] == ("canaries", "target") and "headers" in where


def _is_url(where: Where) -> bool:
    if where[:1] == ("canaries",):
        return where[-1] in ("url", "webhook") or "storage" in where
    return where[-1:] in (("url",), ("replica",)) and where[0] in ("storage", "release")
