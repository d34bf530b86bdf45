"""Where a release is judged more kindly than its baseline: said by name, never silently."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from harness.model import Contract, Field, Form

# From the strictest promise to the mildest.
_CONCURRENT = ("conflict", "merge", "last-wins")


def loosened(before: Mapping[str, Form], now: Mapping[str, Form], since: str) -> Iterator[str]:
    """A sentence on each form and field whose promise is looser now; since names the earlier one.

    Only forms and fields of both are compared: what is gone is missing, which is said elsewhere.
    """
    for name, form in now.items():
        if name not in before:
            continue
        for what, old, new in _changes(before[name], form):
            yield f"the plan is looser than that of {since}: {what} was {old} and is {new}"


def _changes(before: Form, now: Form) -> Iterator[tuple[str, str, str]]:
    """(what, from, to) of each part of a form's promise that asks for less."""
    for spec in now.fields:
        old = next((field for field in before.fields if field.name == spec.name), None)
        if old is not None:
            yield from _field_changes(f"{now.name}.{spec.name}", old, spec)
    more = sorted(set(now.unchecked) - set(before.unchecked))
    if more:
        listed = ", ".join(before.unchecked) or "nothing"
        yield f"{now.name} unchecked", listed, f"also {', '.join(more)}"
    for key in ("settle_s_max", "late_s_max"):
        one, other = getattr(before, key), getattr(now, key)
        if other > one:
            yield f"{now.name} {key}", f"{one:g}", f"{other:g}"
    if _CONCURRENT.index(now.concurrent) > _CONCURRENT.index(before.concurrent):
        yield f"{now.name} concurrent", before.concurrent, now.concurrent


def _field_changes(name: str, before: Field, now: Field) -> Iterator[tuple[str, str, str]]:
    old, new = before.contract, now.contract
    for key, strict in _STRICT.items():
        if getattr(old, key) == strict and getattr(new, key) != strict:
            yield f"{name} {key}", _word(getattr(old, key)), _word(getattr(new, key))
    if new.codec is not None and new.codec != old.codec:
        yield f"{name} codec", old.codec or "none", new.codec
    if before.kind == "text" and now.kind not in ("text", "file"):
        yield f"{name} kind", before.kind, now.kind


_STRICT = {key: getattr(Contract(), key) for key in ("newline", "trim", "nfc")}


def _word(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
