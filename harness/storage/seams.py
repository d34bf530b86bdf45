"""What every kind of storage offers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Protocol, runtime_checkable

from harness.model import Form
from harness.observations import Row
from harness.prints import Block
from harness.storage.scope import Scope


class Snapshot(Protocol):
    """What a storage held at one moment; all forms are read as of that moment.

    Every method raises StorageUnreadable.
    """

    def observe(self, form: Form, scope: Scope) -> Iterator[Row]:
        """The form's rows, raw; NULL, the empty text and absent differ."""
        ...

    def columns(self, form: Form) -> Mapping[str, tuple[str, ...]]:
        """Every column of each table the form stands on, by the table's name in the plan.

        A table without any is not there.
        """
        ...

    def beside(self, form: Form, table: str, columns: Collection[str]) -> Iterator[Row]:
        """Every row of a table that the form's query stands on, each of these columns a digest."""
        ...


@runtime_checkable
class Printing(Protocol):
    """A snapshot that has a faster way to fingerprints than reading every value."""

    def prints(self, form: Form) -> Iterator[Block]:
        """Every row by its fingerprints, some at a time.

        The same as of what observe() gives. Raises StorageUnreadable.
        """
        ...


class Storage(Protocol):
    """Where an application keeps what was saved."""

    def snapshot(self) -> AbstractContextManager[Snapshot]:
        """One consistent view on a connection of its own; raises StorageUnreadable."""
        ...


@runtime_checkable
class Fitting(Protocol):
    """A storage that can say beforehand whether the forms fit it."""

    def check(self, forms: Iterable[Form]) -> list[str]:
        """What does not fit, a sentence each; raises StorageUnreadable if it is unreachable."""
        ...
