"""Removers: how a synthetic record is removed again through the application that holds it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from harness.errors import ScenarioError
from harness.plugin import readers

_Function = TypeVar("_Function", bound=Callable[..., None])


@dataclass(frozen=True, slots=True)
class Remover:
    """How a form's records are removed: a function, and the fixture that signs it in."""

    form: str
    function: Callable[..., None]
    storage_state: str | None = None

    @property
    def name(self) -> str:
        """The remover's name in the journal."""
        return self.function.__name__


_REMOVERS: dict[str, Remover] = {}


def remover(form: str, *, storage_state: str | None = None) -> Callable[[_Function], _Function]:
    """Say how a record of a form is removed through the application, in conftest.py.

    The function is given what a reader is: any of context, url, key and new_context. It is asked
    only for records that the journal of a probe names and that storage shows to be its own.
    Returning says that it is gone, or was not there; anything else has to raise.
    """

    def register(function: _Function) -> _Function:
        names = inspect.signature(function).parameters
        strange = [name for name in names if name not in readers.GIVEN]
        if strange:
            raise ScenarioError(
                f"the remover {function.__name__} asks for {strange[0]!r}; it may ask for "
                f"{', '.join(readers.GIVEN)}"
            )
        _REMOVERS[form] = Remover(form, function, storage_state)
        return function

    return register


def forget() -> None:
    """Forget every remover, at the end of a pytest run: another one may follow."""
    _REMOVERS.clear()


def of_form(form: str) -> Remover | None:
    """What removes the records of a form; None where nothing does."""
    return _REMOVERS.get(form)


def known() -> list[str]:
    """The forms that have one."""
    return sorted(_REMOVERS)
