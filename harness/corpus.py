"""The text classes: ordinary and hostile content of a form, each by name.

A class's text is natural content with a hole for a number, so that two values of one class
differ even without a marker. ``marker=False`` classes carry no traceable token, because their
first character, last character or exact length is the point.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from harness.errors import ScenarioError


@dataclass(frozen=True, slots=True)
class TextClass:
    """One class of text; write(n) gives its body for a number that differs from value to value.

    storable is False where a database of text cannot be asked to keep it: a form is right to
    refuse it, visibly.
    """

    name: str
    write: Callable[[int], str]
    marker: bool = True
    storable: bool = True

    def __str__(self) -> str:
        return self.name


def _of_bytes(size_bytes: int) -> Callable[[int], str]:
    def write(n: int) -> str:
        head = f"Compte rendu n° {n} : "
        body = head.encode()[:size_bytes].decode("utf-8", "ignore")
        filler = "fièvre "
        while len(body.encode()) < size_bytes:
            left_bytes = size_bytes - len(body.encode())
            times = left_bytes // len(filler.encode())
            body += filler * times if times else "." * left_bytes
        return f"{body[:-1]}." if body.endswith(" ") else body

    return write


def _of_chars(size_chars: int, filler: str = "œdème 🩺 ") -> Callable[[int], str]:
    def write(n: int) -> str:
        head = f"Suivi à l’étape {n} — "
        times = size_chars // len(filler) + 1
        return (head + filler * times)[: size_chars - 1] + "."

    return write


LENGTHS = (255, 256, 1000, 1024, 4000, 65535, 65536)
# No emoji in it: a browser takes minutes to lay a million of them out.
MEBIBYTE_CHARS = 1024 * 1024 + 1

_PLAIN: dict[str, Callable[[int], str]] = {
    "plain": lambda n: f"Patient vu en consultation, douleur depuis {n} jours, sans fièvre.",
    "comparison": lambda n: f"TA <140/90, CRP <5 mg/L, SpO2 >95 %, dosage {n} <=> norme.",
    "symbols": lambda n: f"≥ {n} ≤ ± → 20 µg ½ cp, 10² UI, 38,5 °C, Δ = −2 ‰ €",
    "typography": lambda n: (
        f"L’œdème régresse ; « pas de fièvre » : 38,5\u00a0°C, {n}\u202f000\u00a0U !"
    ),
    "astral": lambda n: f"Vu par 👩\u200d⚕️ puis 🧑🏽\u200d🔬, 𝛽-bloquant {n} mg 🩺",
    "multiline": lambda n: f"Ligne 1\n\n\tLigne {n} après un blanc\n\n\n  - fin \nDernière",
    "markup": lambda n: (
        f"&lt; &eacute; <b>gras</b> </textarea><script>x({n})</script> {{{{ n }}}} %s ${{x}}"
    ),
    "quotes": lambda n: f"'); DROP TABLE note; -- \"{n}\" `a` \\n C:\\temp \\\\ 'l''examen'",
    "combining": lambda n: f"é e\u0301 Å \u212b ﬁ ① {n} n\u0303 ½",
    "rtl": lambda n: f"المريض بخير {n} שלום then left to right",
    "percent": lambda n: f"100% a+b=c&d=e;f?g#h %20 %2B + {n}",
    "nonchar": lambda n: f"avant \ufffe et \ufeff {n} après",
}

_EDGES: dict[str, Callable[[int], str]] = {
    "formula": lambda n: f"=1+{n}",
    "plus": lambda n: f"+{n} kg",
    "minus": lambda n: f"-{n} kg",
    "at": lambda n: f"@{n}",
    "null": lambda n: "null",
    "na": lambda n: "NA",
    "zero": lambda n: "0",
    "blank": lambda n: " ",
    "trailing": lambda n: f"  Fin avec blancs {n}  \t ",
    "empty": lambda n: "",
}

_UNSTORABLE: dict[str, Callable[[int], str]] = {
    "nul": lambda n: f"avant\x00après {n}",
    "surrogate": lambda n: f"avant\ud83dapres {n}",
}


def _all() -> dict[str, TextClass]:
    found = [TextClass(name, write) for name, write in _PLAIN.items()]
    found += [TextClass(name, write, marker=False) for name, write in _EDGES.items()]
    found += [TextClass(f"bytes-{n}", _of_bytes(n), marker=False) for n in LENGTHS]
    found += [TextClass(f"chars-{n}", _of_chars(n), marker=False) for n in LENGTHS]
    found += [TextClass("mebibyte", _of_chars(MEBIBYTE_CHARS, "fièvre œdème "))]
    found += [TextClass(name, write, storable=False) for name, write in _UNSTORABLE.items()]
    return {text_class.name: text_class for text_class in found}


CLASSES: Mapping[str, TextClass] = _all()

# What a scenario writes as a factor's levels; a profile narrows it to its own selection.
classes: tuple[str, ...] = tuple(name for name, c in CLASSES.items() if c.storable)
unstorable: tuple[str, ...] = tuple(name for name, c in CLASSES.items() if not c.storable)

# Eight that between them broke most of the published cases: the shortest useful selection.
COMMIT: tuple[str, ...] = (
    "plain",
    "comparison",
    "symbols",
    "astral",
    "multiline",
    "markup",
    "quotes",
    "formula",
)


def by_name(name: str) -> TextClass:
    """The class of that name; raises ScenarioError that names the nearest one."""
    if name in CLASSES:
        return CLASSES[name]
    near = difflib.get_close_matches(name, CLASSES, n=1)
    hint = f"; the nearest is {near[0]!r}" if near else ""
    raise ScenarioError(f"no text class is called {name!r}{hint}; a literal is exact({name!r})")
