"""Reads what a probe wrote: by its keys and its tokens, never every row of production."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

from harness.canary.metrics import Unread
from harness.checks.history import History
from harness.errors import LocatorMissing, StorageUnreadable
from harness.model import Form, Key, Role
from harness.observations import Observation, Purpose, write_observation
from harness.storage import Keys, PostgresStorage, observe_all
from harness.storage.api import ApiStorage
from harness.storage.observe import check_locators
from harness.storage.seams import Storage

CONNECT_S_MAX = 5
# A read that production suffers from is worse than one that is missing.
STATEMENT_S_MAX = 10
_DENIED = ("permission denied", "authentication failed", "pg_hba", "a sign-in is before it")


class Looker:
    """Reads one deployment's storages with a user that may only read, and keeps what it read."""

    def __init__(
        self,
        folder: Path,
        role: Role,
        storages: Mapping[str, str | Storage],
        forms: Mapping[str, Form],
        *,
        codecs: Path,
        tokens: tuple[str, ...] = (),
    ) -> None:
        self.role: Role = role
        self.forms = forms
        self._folder = folder
        self._codecs = codecs
        self._tokens = tokens
        self._count = 0
        self._storages: dict[str, str | Storage] = {
            name: _gentle(found, codecs) for name, found in storages.items()
        }

    @property
    def by_key_alone(self) -> frozenset[str]:
        """The forms that an API answers: nobody knows whether what it does not have is there."""
        return frozenset(
            name
            for name, form in self.forms.items()
            if isinstance(self._storages.get(form.storage), ApiStorage)
        )

    def check(self) -> None:
        """Every table, key and column is there and may be read; raises StorageUnreadable."""
        check_locators(self._storages, self.forms, folder=self._codecs)

    def look(
        self, purpose: Purpose, keys: Mapping[str, tuple[Key, ...]], *, keep: bool = True
    ) -> Observation:
        """Read these keys and, but for a look in between, whatever holds the tokens.

        Raises StorageUnreadable.
        """
        self._count += 1
        read = observe_all(
            self._storages,
            self.forms,
            id=f"{self._count:03d}-{self.role}",
            role=self.role,
            purpose=purpose,
            scope={
                form: Keys(keys.get(form, ()), self._tokens if purpose != "during" else ())
                for form in self.forms
            },
            folder=self._codecs,
        )
        if keep:
            write_observation(self._folder, read)
        return read


def _gentle(found: str | Storage, folder: Path) -> str | Storage:
    if not isinstance(found, str):
        return found
    return PostgresStorage(found, CONNECT_S_MAX, folder=folder, statement_timeout_s=STATEMENT_S_MAX)


def tokens_of(tag: str, search: str) -> tuple[str, ...]:
    """How the tokens and marks of a run begin; none where only keys are looked for."""
    return (f"zq{tag}", f"zm{tag}") if search == "tokens" else ()


def keys_of(history: History, role: Role) -> dict[str, tuple[Key, ...]]:
    """The keys that a deployment's trials have journaled, by form."""
    found: dict[str, dict[Key, None]] = {}
    for trial in history.of_role(role):
        for record in trial.records:
            if record.key is not None:
                found.setdefault(record.form, {})[record.key] = None
    return {form: tuple(keys) for form, keys in found.items()}


def ready_s(history: History, role: Role, forms: Mapping[str, Form]) -> float:
    """When every save of a deployment is due in storage (monotonic)."""
    return max(
        (
            (save.ended_s or save.began_s) + forms[record.form].settle_s_max
            for trial in history.of_role(role)
            for record in trial.records
            if record.form in forms
            for save in record.saves
        ),
        default=0.0,
    )


def wait_until(at_s: float) -> None:
    """Wait for a moment of the monotonic clock, if it is still to come."""
    time.sleep(max(0.0, at_s - time.monotonic()))


def reason_of(error: StorageUnreadable) -> Unread:
    """Why storage could not be read, as metrics call it."""
    words = str(error).lower()
    if isinstance(error, LocatorMissing) or "answered what has no key" in words:
        return Unread.MISSING
    if any(word in words for word in _DENIED):
        return Unread.DENIED
    if "timeout" in words or "timed out" in words:
        return Unread.TIMEOUT
    return Unread.UNREACHABLE if "cannot be reached" in words else Unread.OTHER
