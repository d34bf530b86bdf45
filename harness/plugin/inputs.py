"""Ways to put a value into a page, each with the events that its users cause."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import ScenarioError
from harness.journal.handles import Save, Typed, file_value
from harness.model import FileValue, Kind, Value

if TYPE_CHECKING:
    from playwright.sync_api import Locator

TYPED_CHARS_MAX = 200
# Laying out a long text takes a busy machine many seconds, which is no fault of the page.
LONG_CHARS = 20_000
LONG_MS = 60_000
COMPOSED_CHARS_MAX = 12

_PASTE_JS = """(el, text) => {
  el.focus();
  if (el.select) el.select(); else document.getSelection().selectAllChildren(el);
  const data = new DataTransfer();
  data.setData("text/plain", text);
  const init = { clipboardData: data, bubbles: true, cancelable: true, composed: true };
  // The page may take the paste into its own hands; where it does not, the browser's way follows.
  if (el.dispatchEvent(new ClipboardEvent("paste", init))) {
    if (text === "") document.execCommand("delete");
    else document.execCommand("insertText", false, text);
  }
}"""
_SELECT_ALL_JS = """el => {
  el.focus();
  if (el.select) el.select(); else document.getSelection().selectAllChildren(el);
  return el.tagName === "INPUT";
}"""
# Lone surrogates do not survive the way here as text, so such a text comes as numbers.
_HELD_JS = """el => {
  if (el.type === "checkbox" || el.type === "radio") return el.checked ? "true" : "false";
  const text = el.isContentEditable || el.value === undefined ? el.textContent : el.value;
  if (/^(?:[^\\ud800-\\udfff]|[\\ud800-\\udbff][\\udc00-\\udfff])*$/.test(text)) return text;
  return Array.from({ length: text.length }, (_, at) => text.charCodeAt(at));
}"""
_FILES_JS = "el => Array.from(el.files ?? [], file => file.size)"


def put(save: Save, name: str, place: object, how: str) -> tuple[Value, str]:
    """Put the field's value into a place; what it holds then, and the input method that served.

    Raises ScenarioError on a place that is no Locator, or an unknown method.
    """
    from playwright.sync_api import Locator

    value = save.value(name)
    if isinstance(place, list | tuple):
        return _put_many(save, name, value, list(place), how)
    if not isinstance(place, Locator):
        raise ScenarioError(f"{save.id}: {name!r} goes into a Locator, not {place!r}")
    if isinstance(value, Path):
        return _put_file(value, place), "file"
    if isinstance(value, tuple):
        return _put_many(save, name, value, _first(place, len(value)), how)
    kind = save.record.form.field(name).kind
    used = _put_text(place, value or "", _choose(kind, how))
    return held(place) if kind == "flag" else held_text(place), used


def held_text(place: Locator) -> str:
    """What a place of the page holds now, read the fast way where that is exact."""
    from playwright.sync_api import Error as PlaywrightError

    try:
        text = place.input_value()
    except PlaywrightError as error:
        if "not an <input>" not in str(error):
            raise
        return held(place)
    # A lone surrogate arrives as a replacement character.
    return held(place) if "\ufffd" in text else text


def held(place: Locator) -> str:
    """What a place of the page holds now, to the last surrogate."""
    found = place.evaluate(_HELD_JS)
    if isinstance(found, str):
        return found
    units = b"".join(int(unit).to_bytes(2, "little") for unit in found)
    return units.decode("utf-16-le", "surrogatepass")


def _put_many(
    save: Save, name: str, value: Typed, places: list[Locator], how: str
) -> tuple[Value, str]:
    rows = value if isinstance(value, tuple) else (value,)
    if len(rows) != len(places):
        raise ScenarioError(f"{save.id}: {name!r} is {len(rows)} rows, for {len(places)} Locators")
    used = [_put_text(place, str(row or ""), how) for row, place in zip(rows, places, strict=True)]
    return tuple(held(place) for place in places), used[0] if used else how


def _first(place: Locator, rows_n: int) -> list[Locator]:
    """The first of the places that a Locator stands for; those that no row needs are emptied."""
    if rows_n:
        place.nth(rows_n - 1).wait_for()
    places = place.all()
    for left in places[rows_n:]:
        if held(left):
            left.fill("")
    return places[:rows_n]


def _put_file(path: Path, place: Locator) -> FileValue | None:
    place.set_input_files(path)
    sizes = place.evaluate(_FILES_JS)
    return file_value(path) if sizes else None


def _put_text(place: Locator, text: str, how: str) -> str:
    way = {**_WAYS, "choose": _pick}.get(how)
    if way is None:
        raise ScenarioError(f"no input method is called {how!r}; there is {', '.join(_WAYS)}")
    return way(place, text)


def _choose(kind: Kind, how: str) -> str:
    """Choices and flags are mostly not typed, however their form's texts are."""
    return "choose" if kind in ("choice", "flag") and how in _WAYS else how


def _pick(place: Locator, text: str) -> str:
    """Choose an option, or set a mark; a place that is only text is filled."""
    kind = place.evaluate("el => el.tagName === 'SELECT' ? 'select' : el.type ?? ''")
    if kind == "select":
        place.select_option(text)
    elif kind in ("checkbox", "radio"):
        place.set_checked(text.lower() in ("true", "t", "1", "on", "yes"))
    else:
        place.fill(text)
    return "fill"


def _fill(place: Locator, text: str) -> str:
    place.fill(text, timeout=LONG_MS if len(text) > LONG_CHARS else None)
    return "fill"


def _type(place: Locator, text: str) -> str:
    """Key by key where the text is short; a long one would take a minute, and is filled."""
    if len(text) > TYPED_CHARS_MAX:
        return _fill(place, text)
    one_line = place.evaluate(_SELECT_ALL_JS)
    place.press("Delete")
    # In a single line the Enter key sends the form, so nobody types a newline there.
    place.press_sequentially(re.sub("[\r\n]", "", text) if one_line else text)
    return "typing"


def _paste(place: Locator, text: str) -> str:
    place.evaluate(_PASTE_JS, text)
    return "paste"


def _compose(place: Locator, text: str) -> str:
    """All but the last word at once, and that word through an input method editor."""
    page = place.page
    browser = page.context.browser
    if browser is None or browser.browser_type.name != "chromium":
        return _type(place, text)
    start = max(text.rfind(mark) for mark in " \n\t") + 1
    start = max(start, len(text) - COMPOSED_CHARS_MAX)
    head, word = text[:start], text[start:]
    place.evaluate(_SELECT_ALL_JS)
    place.press("Delete")
    session = page.context.new_cdp_session(page)
    try:
        if head:
            session.send("Input.insertText", {"text": head})
        for end in range(1, len(word) + 1):
            part = {"text": word[:end], "selectionStart": end, "selectionEnd": end}
            session.send("Input.imeSetComposition", part)
        if word:
            session.send("Input.insertText", {"text": word})
    finally:
        session.detach()
    return "composition"


_WAYS: dict[str, Callable[[Locator, str], str]] = {
    "fill": _fill,
    "typing": _type,
    "paste": _paste,
    "composition": _compose,
}
