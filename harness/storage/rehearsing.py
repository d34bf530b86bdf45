"""A plan's codecs, tried on the corpus before anything is started."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness import corpus
from harness.contracts import same
from harness.errors import StorageUnreadable
from harness.model import Field, Form
from harness.storage.codec import Codec, codec_fault, find_codec

_NUMBER = 7
_WORDS_CHARS_MAX = 200


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What trying the codecs showed: problems, for which a plan is refused, and warnings."""

    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def rehearse(forms: Iterable[Form], folder: Path) -> Rehearsal:
    """Try every codec of the forms; folder is the plan's.

    A codec has to be there and to say the same of the same content each time. One that offers
    its ``inverse`` has to give back every text of the corpus, as far as the contract asks for;
    one that does not is believed, with a warning. What fetches files is only looked for: calling
    it reaches other systems.
    """
    problems: dict[str, None] = {}
    warnings: dict[str, None] = {}
    for form in forms:
        for spec in form.fields:
            if spec.contract.codec is None:
                continue
            where = f"form.{form.name}.fields.{spec.name}: codec {spec.contract.codec}"
            try:
                codec = find_codec(spec.contract.codec, folder)
            except StorageUnreadable as error:
                problems[f"form.{form.name}.fields.{spec.name}: {error}"] = None
                continue
            if spec.kind == "file":
                continue
            inverse = getattr(codec, "inverse", None)
            told = list(_unsteady(codec) if inverse is None else _one_way(codec, inverse, spec))
            problems |= dict.fromkeys(f"{where} {words}" for words in told[:1])
            if inverse is None and not told:
                words = "offers no inverse, so nothing has proved that it gives back what is stored"
                warnings[f"{where} {words}"] = None
    return Rehearsal(tuple(problems), tuple(warnings))


def _texts() -> Iterator[tuple[str, str]]:
    return ((name, corpus.CLASSES[name].write(_NUMBER)) for name in corpus.classes)


def _unsteady(codec: Codec) -> Iterator[str]:
    """Contents of which it says something else the second time, or what no text is."""
    contents: list[tuple[str, str | bytes | None]] = [("NULL", None)]
    for name, text in _texts():
        contents += [(f"the text class {name}", text), (f"its bytes {name}", text.encode())]
    for name, content in contents:
        first, again = _said(codec, content), _said(codec, content)
        if first != again:
            yield f"says {first!r:.80} of {name}, and the next time {again!r:.80}; make it steady"
        elif not isinstance(first, str | _Raised | None) and not isinstance(content, bytes):
            # Whether the column holds bytes at all is not known yet.
            yield f"returned {type(first).__name__} for {name}; return str or None"


def _one_way(codec: Codec, inverse: Callable[[str], Any], spec: Field) -> Iterator[str]:
    """Texts of the corpus that do not come back from what the inverse makes of them."""
    for name, text in _texts():
        stored = _said(inverse, text)
        if isinstance(stored, _Raised):
            yield f"has an inverse that raises {stored.words} for the text class {name}"
            continue
        back, again = _said(codec, stored), _said(codec, stored)
        if back != again:
            yield f"says {back!r:.80} of {name}, and the next time {again!r:.80}; make it steady"
        elif isinstance(back, _Raised):
            yield f"raises {back.words} for the text class {name} as its inverse stores it"
        elif not isinstance(back, str) or not same(text, back, spec.contract):
            yield f"gives back {back!r:.80} for the text class {name}, {text!r:.80}; mend it"


@dataclass(frozen=True, slots=True)
class _Raised:
    words: str


def _said(function: Callable[[Any], Any], content: object) -> Any:
    """What it returned, or that it raised: content that is none of its own may well be refused."""
    try:
        with codec_fault("it"):
            return function(content)
    except StorageUnreadable as error:
        return _Raised(str(error).removeprefix("it raised ")[:_WORDS_CHARS_MAX])
