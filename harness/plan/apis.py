"""What the plan says of storage that is read through an API, held against its forms."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from pydantic import ValidationError

from harness.plan.expand import placeholders
from harness.plan.problems import Problem, Where, shown
from harness.plan.schema import ApiTable, FormTable
from harness.plan.secrecy import is_api
from harness.suggest import advice

_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
# One line of ASCII; what a request cannot carry is found before anything is asked.
_HEADER_VALUE = re.compile(r"[\x20-\x7e]+")


def api_problems(raw: Mapping[str, Any]) -> Iterator[Problem]:
    """Every contradiction between forms, targets, and how an API answers."""
    table, forms = _tables(raw, "canaries"), _forms(raw)
    apis = _tables(table, "api")
    for name, data in apis.items():
        api, form = _typed(data), forms.get(name)
        if api is not None and form is not None:
            yield from _of_form(("canaries", "api", name), api, form)
    entries = table.get("target")
    for index, target in enumerate(entries if isinstance(entries, list) else ()):
        if isinstance(target, dict):
            yield from _of_target(raw, forms, ("canaries", "target", index), target)


def _of_form(where: Where, api: ApiTable, form: FormTable) -> Iterator[Problem]:
    names = placeholders(api.path)
    for name in names:
        if name not in form.key:
            told = f"the form has no key column {name!r}; {advice(name, form.key)}"
            yield Problem((*where, "path"), shown(api.path), told)
    if missing := [name for name in form.key if name not in names]:
        told = f"nobody would know which record is meant; write {{{missing[0]}}} in it"
        yield Problem((*where, "path"), shown(api.path), told)
    columns = [*form.key, *(spec.column or name for name, spec in form.fields.items())]
    for name in api.columns:
        if name not in columns:
            told = f"no field and no key of the form is read there; {advice(name, columns)}"
            yield Problem((*where, "columns", name), "", told)


def _of_target(
    raw: Mapping[str, Any], forms: Mapping[str, FormTable], where: Where, target: Mapping[str, Any]
) -> Iterator[Problem]:
    canaries = _tables(raw, "canaries")
    urls = _urls(raw, target)
    read = {name: url for name, url in urls.items() if is_api(url)}
    for name, url in read.items():
        if told := _address(url):
            yield Problem((*where, "storage", name), "", told)
    for name, form in forms.items():
        known = name in _tables(canaries, "api")
        if form.storage in read and _is_probed(canaries, name) and not known:
            told = f"nobody said where the API answers form {name}; write [canaries.api.{name}]"
            yield Problem((*where, "storage", form.storage), "", told)
    for name, value in _tables(target, "headers").items():
        if not read and not any("${" in url for url in urls.values()):
            told = "headers are for a storage whose address is http(s); this target has none"
            yield Problem((*where, "headers", name), "", told)
        elif not _HEADER.fullmatch(name):
            yield Problem((*where, "headers", name), "", "no header can be called so")
        elif isinstance(value, str) and not _HEADER_VALUE.fullmatch(value):
            # Its value is a secret.
            told = "a header holds one line of ASCII, and something"
            yield Problem((*where, "headers", name), "", told)


def _urls(raw: Mapping[str, Any], target: Mapping[str, Any]) -> dict[str, str]:
    """Where the target's storages are, by their names; a variable that is not set stays."""
    tables = _tables(raw, "storage")
    shared = {name: _url(table) for name, table in tables.items()}
    found = {**shared, **_tables(target, "storage")}
    return {name: url for name, url in found.items() if isinstance(url, str)}


def _url(table: object) -> object:
    return table.get("url") if isinstance(table, dict) else None


def _address(url: str) -> str:
    """What is wrong with an API's address, "" where nothing is."""
    told = "not the address of an API; write https://HOST, or with a path that all forms share"
    try:
        parts = urlsplit(url)
        fits = bool(parts.hostname) and parts.port != 0 and not parts.query and not parts.fragment
    except ValueError:
        return told
    if "@" in parts.netloc:
        return "an API is told who asks by headers; write headers = { Authorization = ... }"
    return "" if fits else told


def _is_probed(canaries: Mapping[str, Any], form: str) -> bool:
    asked = canaries.get("forms")
    return not asked or form == asked or (isinstance(asked, list) and form in asked)


def _forms(raw: Mapping[str, Any]) -> dict[str, FormTable]:
    """The forms that the schema takes; what is wrong with others is told elsewhere."""
    found = {}
    for name, data in _tables(raw, "form").items():
        try:
            found[name] = FormTable.model_validate(data)
        except ValidationError:
            continue
    return found


def _typed(data: object) -> ApiTable | None:
    try:
        return ApiTable.model_validate(data)
    except ValidationError:
        return None


def _tables(raw: object, name: str) -> dict[str, Any]:
    found = raw.get(name) if isinstance(raw, dict) else None
    return found if isinstance(found, dict) else {}
