"""What one table of the plan has to know of another.

Each check works on the tables as they were read, so that a fault in one place hides none in
another.
"""

from __future__ import annotations

import copy
import keyword
import re
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any, TypeVar

from pydantic import ValidationError

from harness.contracts import canonical
from harness.model import Contract
from harness.plan.apis import api_problems
from harness.plan.expand import allowed, placeholder_kind, placeholder_owner, placeholders
from harness.plan.forms import overridden
from harness.plan.loads import load_problems
from harness.plan.problems import Problem, Where, shown
from harness.plan.profiles import BUILT_IN
from harness.plan.schema import (
    CleanTable,
    FieldTable,
    FormOverride,
    FormTable,
    Known,
    SignalTable,
    Table,
)
from harness.plan.secrecy import texts
from harness.suggest import advice

# The names a scenario's save handle has for itself; a field is an attribute beside them.
HANDLE_NAMES = frozenset(
    {"acknowledged", "refused", "unanswered", "enter", "typed", "value", "fault", "id"}
)

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")

T = TypeVar("T", bound=Table)


def cross_problems(raw: Mapping[str, Any]) -> Iterator[Problem]:
    """Every contradiction between tables."""
    return chain(
        _names(raw),
        _deployer(raw),
        _storages(raw),
        _services(raw),
        _forms(raw),
        _profiles(raw),
        load_problems(raw),
        _assets(raw),
        _rotated(raw),
        _known(raw),
        _canaries(raw),
        _placeholders(raw),
    )


def _tables(raw: object, name: str) -> dict[str, Any]:
    found = raw.get(name) if isinstance(raw, dict) else None
    return found if isinstance(found, dict) else {}


def _typed(table: type[T], raw: object) -> T | None:
    """The table, or None where the schema has refused it already."""
    try:
        return table.model_validate(raw)
    except ValidationError:
        return None


def _pruned_form(data: Mapping[str, Any]) -> FormTable | None:
    """The form without what the schema refuses, so that the rest of it is checked all the same."""
    pruned = copy.deepcopy({**data, "release": {}})
    try:
        FormTable.model_validate(pruned)
    except ValidationError as error:
        for details in error.errors():
            _remove(pruned, details["loc"])
    return _typed(FormTable, {"storage": "?", "key": "?", "fields": {}, **pruned})


def _remove(data: Any, where: Where) -> None:
    for part in where[:-1]:
        inside = data.get(part) if isinstance(data, dict) else None
        if not isinstance(inside, dict):
            break
        data = inside
    else:
        part = where[-1]
    if isinstance(data, dict):
        data.pop(part, None)


def _names(raw: Mapping[str, Any]) -> Iterator[Problem]:
    for kind in ("form", "storage", "service"):
        for name in _tables(raw, kind):
            if not _NAME.fullmatch(name):
                told = "not a name; use letters, digits, _ and -, a letter first"
                yield Problem((kind, name), "", told)


def _deployer(raw: Mapping[str, Any]) -> Iterator[Problem]:
    release = _tables(raw, "release")
    deployer = release.get("deployer")
    if deployer not in ("docker", "compose", "process", "external"):
        return
    if deployer not in release:
        told = f"this deployer needs its own section; write [release.{deployer}]"
        yield Problem(("release", "deployer"), shown(deployer), told)
    if deployer in ("docker", "compose") and "port" not in release:
        told = f"{deployer} has to know where the release listens; write port = 8000"
        yield Problem(("release", "port"), "", told)
    if deployer != "external":
        return
    health = release.get("health")
    if not isinstance(health, dict) or "release" not in health:
        told = (
            "nobody would know which release answers there; write "
            'health = { path = "/healthz", release = "KEY OF ITS NAME IN THE JSON" }'
        )
        yield Problem(("release", "health"), "" if health is None else shown(health), told)
    for name, storage in _tables(raw, "storage").items():
        if isinstance(storage, dict) and "url" not in storage:
            told = 'a release that runs already has storage of its own; write url = "${READ_DSN}"'
            yield Problem(("storage", name, "url"), "", told)


def _storages(raw: Mapping[str, Any]) -> Iterator[Problem]:
    for name, storage in _tables(raw, "storage").items():
        if isinstance(storage, dict) and "image" in storage and "url" in storage:
            told = "an image to start or a url to connect to: remove one of the two"
            yield Problem(("storage", name, "image"), shown(storage["image"]), told)


def _services(raw: Mapping[str, Any]) -> Iterator[Problem]:
    for name, service in _tables(raw, "service").items():
        if not isinstance(service, dict):
            continue
        if "image" not in service and "command" not in service:
            told = 'nothing to start; write image = "redis:7" or command = [...]'
            yield Problem(("service", name), "", told)
        ready = service.get("ready")
        if isinstance(ready, dict) and ("command" in ready) == ("path" in ready):
            told = "write a command that exits 0, or a path that answers: one of the two"
            yield Problem(("service", name, "ready"), "", told)
        elif isinstance(ready, dict) and "path" in ready and "port" not in service:
            told = "a path needs the port it is asked on; write port = 8000"
            yield Problem(("service", name, "port"), "", told)


# --- forms -------------------------------------------------------------------------------------


def _forms(raw: Mapping[str, Any]) -> Iterator[Problem]:
    forms = _tables(raw, "form")
    if "form" in raw and not forms:
        yield Problem(("form",), "", "without a form nothing is compared; write [form.NAME]")
    for name, data in forms.items():
        where: Where = ("form", name)
        if not isinstance(data, dict):
            continue
        yield from _form_storage(raw, where, data)
        yield from _field_names(where, data)
        form = _pruned_form(data)
        if form is None:
            continue
        problems = list(_locator(where, form))
        yield from problems
        for glob, override in _tables(data, "release").items():
            typed = _typed(FormOverride, override)
            if typed is not None:
                yield from _override((*where, "release", glob), form, typed, bool(problems))


def _form_storage(
    raw: Mapping[str, Any], where: Where, data: Mapping[str, Any]
) -> Iterator[Problem]:
    storage, known = data.get("storage"), _tables(raw, "storage")
    if isinstance(storage, str) and known and storage not in known:
        told = f"no such storage; {advice(storage, known)}"
        yield Problem((*where, "storage"), shown(storage), told)


def _field_names(where: Where, data: Mapping[str, Any]) -> Iterator[Problem]:
    fields = _tables(data, "fields")
    if "fields" in data and isinstance(data["fields"], dict) and not fields:
        told = 'a form without a field compares nothing; write reason = "reason"'
        yield Problem((*where, "fields"), "", told)
    for name in fields:
        if name in HANDLE_NAMES:
            told = (
                f"a save handle has a {name} of its own; "
                f'write another name, as {where[1]}_{name} = {{ column = "{name}" }}'
            )
            yield Problem((*where, "fields", name), "", told)
        elif not name.isidentifier() or keyword.iskeyword(name) or name.startswith("_"):
            told = "scenarios write it as save.NAME; use a Python name that starts with a letter"
            yield Problem((*where, "fields", name), "", told)


def _locator(where: Where, form: FormTable) -> Iterator[Problem]:
    if (form.table is None) == (form.query is None):
        told = "write the table, or a query that returns the key and a column per field"
        yield Problem((*where, "table"), "" if form.table is None else shown(form.table), told)
    if form.query is not None and not form.tables:
        told = 'a query says what it stands on; write tables = ["consultation"]'
        yield Problem((*where, "tables"), "", told)
    if form.table is not None and form.query is None and form.tables:
        told = "only a query needs tables; remove it"
        yield Problem((*where, "tables"), shown(list(form.tables)), told)
    seen: dict[str, str] = {}
    for name, field in form.fields.items():
        place = (*where, "fields", name)
        column = field.column or name
        if column in seen:
            told = f"{seen[column]} reads this column already; each field has its own"
            yield Problem((*place, "column"), shown(column), told)
        seen.setdefault(column, name)
        if field.rows == "many" and form.query is None:
            told = "many rows need a query that gathers them, as array_agg(text ORDER BY position)"
            yield Problem((*place, "rows"), "'many'", told)
        if field.rows == "many" and field.kind == "file":
            yield Problem((*place, "kind"), "'file'", "a file is one row; give each its own record")
        if field.choices and field.kind != "choice":
            told = 'choices belong to kind = "choice"; write that, or remove them'
            yield Problem((*place, "choices"), shown(list(field.choices)), told)
        yield from _contract(place, field)
        if form.table is not None and column in form.unchecked:
            told = f"{name} is compared as a field; take it out of one of the two"
            yield Problem((*where, "unchecked"), shown(column), told)


# A number, a date and a flag are compared by what they mean, a file by its bytes.
_SPELLED = ("text", "choice")


def _contract(place: Where, field: FieldTable) -> Iterator[Problem]:
    """What a contract allows and its kind rules out."""
    declared = {"newline": field.newline == "any", "trim": field.trim, "nfc": field.nfc}
    for key in (key for key, loose in declared.items() if loose and field.kind not in _SPELLED):
        told = f"a {field.kind} has no spelling that this could loosen; remove it"
        yield Problem((*place, key), shown(getattr(field, key)), told)
    contract = Contract(newline=field.newline, trim=field.trim, nfc=field.nfc)
    seen: dict[str, str] = {}
    for choice in field.choices:
        same = seen.setdefault(canonical(choice, contract), choice)
        if same != choice:
            told = f"the contract takes it for {same!r}, which is another choice; tighten one"
            yield Problem((*place, "choices"), shown(choice), told)


def _override(
    where: Where, form: FormTable, override: FormOverride, broken: bool
) -> Iterator[Problem]:
    others = sorted(override.model_fields_set - {"absent"})
    if override.absent and others:
        told = f"a release without the form keeps it nowhere; remove {', '.join(others)}"
        yield Problem((*where, "absent"), "True", told)
        return
    for name in override.fields:
        if name not in form.fields:
            told = f"the form has no such field; {advice(name, form.fields)}"
            yield Problem((*where, "fields", name), "", told)
    if override.table is not None and override.query is not None:
        yield Problem((*where, "query"), shown(override.query), "a table or a query: remove one")
    elif not broken:
        yield from _locator(where, overridden(form, override))


# --- the rest ----------------------------------------------------------------------------------


def _profiles(raw: Mapping[str, Any]) -> Iterator[Problem]:
    for name in _tables(raw, "profile"):
        if name not in BUILT_IN:
            yield Problem(("profile", name), "", f"no such profile; {advice(name, BUILT_IN)}")


def _assets(raw: Mapping[str, Any]) -> Iterator[Problem]:
    assets = _tables(raw, "stages").get("assets")
    if isinstance(assets, str) and "release" not in placeholders(assets):
        told = 'nobody would know whose files these are; write assets = "/static/{release}/*"'
        yield Problem(("stages", "assets"), shown(assets), told)


def _rotated(raw: Mapping[str, Any]) -> Iterator[Problem]:
    known = _tables(_tables(raw, "release"), "env")
    names = _tables(raw, "stages").get("rotate")
    for index, name in enumerate(names if isinstance(names, list) else ()):
        if name not in known:
            told = f"[release.env] has no such variable; {advice(str(name), known)}"
            yield Problem(("stages", "rotate", index), shown(name), told)


def _canaries(raw: Mapping[str, Any]) -> Iterator[Problem]:
    table, forms = _tables(raw, "canaries"), _tables(raw, "form")
    asked = table.get("forms")
    asked = [asked] if isinstance(asked, str) else asked
    named = {"forms": asked, "clean": table.get("clean"), "api": table.get("api")}
    for key, names in named.items():
        for name in names if isinstance(names, (list, dict)) else ():
            if isinstance(name, str) and name not in forms:
                told = f"no such form; {advice(name, forms)}"
                yield Problem(("canaries", key), shown(name), told)
    for name, data in _tables(table, "clean").items():
        clean = _typed(CleanTable, data)
        if clean is not None:
            yield from _clean(forms, ("canaries", "clean", name), clean)
    yield from api_problems(raw)
    yield from _targets(raw, table.get("target"))
    signal = _typed(SignalTable, table["signal"]) if "signal" in table else None
    if signal is not None and signal.webhook is None and signal.command is None:
        told = 'nobody is told; write webhook = "https://..." or command = [...]'
        yield Problem(("canaries", "signal"), "", told)
    if signal is not None and signal.webhook is not None and signal.secret is None:
        told = 'whoever is called could not know who calls; write secret = "${NAME}"'
        yield Problem(("canaries", "signal", "secret"), "", told)


def _clean(forms: Mapping[str, Any], where: Where, clean: CleanTable) -> Iterator[Problem]:
    if (clean.statement is None) != (clean.url is None):
        told = "a statement needs the url of a user that may delete, and a url a statement"
        yield Problem((*where, "statement"), "", told)
    for form, column in clean.proved_by.items():
        key = forms[form].get("key") if isinstance(forms.get(form), dict) else None
        if form not in forms:
            told = f"no such form; {advice(form, forms)}"
            yield Problem((*where, "proved_by"), shown(form), told)
        elif column not in ([key] if isinstance(key, str) else key or []):
            told = f"form {form} has no such key column; its key is {shown(key)}"
            yield Problem((*where, "proved_by", form), shown(column), told)


def _targets(raw: Mapping[str, Any], entries: object) -> Iterator[Problem]:
    found = [e for e in entries if isinstance(e, dict)] if isinstance(entries, list) else []
    names = [entry.get("name") for entry in found]
    for index, entry in enumerate(found):
        where: Where = ("canaries", "target", index)
        name, stable = entry.get("name"), entry.get("stable")
        if names.index(name) != index:
            yield Problem((*where, "name"), shown(name), "another target is called so")
        if stable is not None and (stable == name or stable not in names):
            others = [str(other) for other in names if other != name]
            told = f"it is compared with another target; {advice(str(stable), others)}"
            yield Problem((*where, "stable"), shown(stable), told)
        own = _tables(entry, "storage")
        for storage, table in _tables(raw, "storage").items():
            if storage not in own and not (isinstance(table, dict) and "url" in table):
                told = f'nobody could look there; write storage = {{ {storage} = "${{READ_DSN}}" }}'
                yield Problem((*where, "storage"), "", told)


def _known(raw: Mapping[str, Any]) -> Iterator[Problem]:
    forms, entries = _tables(raw, "form"), raw.get("known")
    for index, data in enumerate(entries if isinstance(entries, list) else ()):
        where: Where = ("known", index)
        known = _typed(Known, data)
        if known is None:
            continue
        if (known.field is None) == (not known.fields):
            told = 'write field = "reason" or fields = ["reason", "history"]: one of the two'
            yield Problem((*where, "field"), shown(known.field) if known.field else "", told)
        if known.form not in forms:
            told = f"no such form; {advice(known.form, forms)}"
            yield Problem((*where, "form"), shown(known.form), told)
            continue
        fields = _tables(forms[known.form], "fields")
        for name in known.names:
            if fields and name not in fields:
                told = f"{known.form} has no field {name}; {advice(name, fields)}"
                yield Problem((*where, "field"), shown(name), told)


def _placeholders(raw: Mapping[str, Any]) -> Iterator[Problem]:
    for where, text in texts(raw):
        fits = allowed(where)
        if fits is None:
            continue
        # What comes from the environment is put in after this and is nobody's placeholder.
        for name in placeholders(re.sub(r"\$\{[^{}]*\}", "", text)):
            told = _placeholder(raw, name, fits)
            if told:
                yield Problem(where, shown(text), told)


def _placeholder(raw: Mapping[str, Any], name: str, fits: frozenset[str]) -> str | None:
    kind, owner = placeholder_kind(name), placeholder_owner(name)
    if kind not in fits:
        if not fits:
            return "nothing is filled in here; remove the braces"
        return f"no placeholder {name!r} here; {advice(name, fits)}; a doubled brace is a brace"
    if owner is None:
        return None
    known = _tables(raw, owner[0])
    if owner[1] not in known:
        return f"no {owner[0]} is called {owner[1]!r}; {advice(owner[1], known)}"
    if kind == "service.NAME.port" and "port" not in _tables(known, owner[1]):
        return f"service {owner[1]} has no port; write port = 6379 there"
    return None
