"""A plan's codecs: functions that turn what storage holds into what the user typed."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, TypeAlias

from harness.errors import StorageUnreadable

# What it returns is checked by whoever calls it.
Codec: TypeAlias = Callable[[str | bytes | None], Any]


class codec_fault:  # noqa: N801 - reads as the block it opens, as contextlib's own do
    """Whatever a codec raises inside becomes StorageUnreadable, with what it was about."""

    def __init__(self, about: str) -> None:
        self.about = about

    def __enter__(self) -> None:
        return None

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if isinstance(exc, Exception) and not isinstance(exc, StorageUnreadable):
            raise StorageUnreadable(f"{self.about} raised {type(exc).__name__}: {exc}") from exc


def find_codec(name: str, folder: Path) -> Codec:
    """The function that ``module:function`` names; the plan's folder is searched first.

    Raises StorageUnreadable where there is none.
    """
    module_name, _, function = name.partition(":")
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    with codec_fault(f"codec {name}: importing {module_name} from {folder}"):
        module = importlib.import_module(module_name)
    found = getattr(module, function, None)
    if not callable(found):
        raise StorageUnreadable(f"codec {name}: {module.__file__} has no function {function}")
    codec: Codec = found
    return codec
