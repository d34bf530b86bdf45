"""The pages of a trial: what they tell, what is put into them, and what they send."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib import resources
from typing import TYPE_CHECKING, Any

from harness.drive.spec import Spec
from harness.errors import JourneyBroken, ScenarioError
from harness.journal import events as ev
from harness.journal.handles import Save, Told
from harness.journal.writer import JournalWriter
from harness.plugin import inputs
from harness.plugin.departures import Departure
from harness.plugin.line import Line
from harness.plugin.requests import RELEASE_CHARS_MAX, Requests
from harness.plugin.signing import address_of, asks_who, sign_in_shown

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Locator, Page

# An acknowledgement is asked for again this often, because a page may put another element in
# the place of the one that was looked at.
SLICE_MS = 100
ASK_MS = 2000
TOLD_CHARS_MAX = 300
# Ways of input that run as scripts or below the page, where no trace looks.
UNTRACED = frozenset({"paste", "composition"})
RENDERED_JS = resources.files(__package__).joinpath("rendered.js").read_text(encoding="utf-8")
_ASK_JS = """(all, spec) => window.__harness
    ? window.__harness.awaitFresh(all, spec) : {state: "unwatched", text: ""}"""
_COMPLAINTS_JS = "(el, since) => window.__harness ? window.__harness.complaints(since) : []"


class Pages:
    """Every context of one trial, watched from its making to the trial's end."""

    def __init__(
        self, trial: str, spec: Spec, writer: JournalWriter, line: Line | None = None
    ) -> None:
        self.spec = spec
        self._trial = trial
        self._line = line
        self.contexts: list[BrowserContext] = []
        self.acts: list[tuple[float, dict[str, Any]]] = []
        # Where something was entered: by the page's address, whether it asked for a password.
        self._asking: dict[str, bool] = {}
        self._crashed = ""
        self._requests = Requests(trial, spec, writer)

    def watch(self, context: BrowserContext) -> None:
        """Watch what a context's pages render and send; before its first page is opened."""
        from playwright.sync_api import expect

        context.add_init_script(RENDERED_JS)
        context.set_default_timeout(self.spec.action_s_max * 1000)
        expect.set_options(timeout=self.spec.action_s_max * 1000)
        self._requests.watch(context)
        context.on("page", lambda page: page.on("crash", self._has_crashed))
        self.contexts.append(context)

    def _has_crashed(self, page: Page) -> None:
        self._crashed = f"the browser's process behind {page.url} crashed"

    def forget(self) -> None:
        """Journal nothing more of these contexts."""
        self._requests.stop()

    def raise_trouble(self) -> None:
        """Raise what went wrong where an error could not be raised: in the browser's events."""
        if self._requests.trouble is not None:
            raise self._requests.trouble

    @property
    def host_trouble(self) -> str:
        """What befell the browser without the application's doing; "" if nothing did."""
        return self._crashed or self._requests.host_trouble

    @property
    def open_pages(self) -> list[Page]:
        """Open pages, the newest first."""
        pages = [page for context in self.contexts for page in context.pages]
        return [page for page in reversed(pages) if not page.is_closed()]

    def witness(self, save: Save, evidence: object, level: str) -> str:
        """What a page says that was rendered during this save.

        evidence is a Locator, or a text to be found on any open page; under level "transport" it
        is the text of an answer, taken as it is; under "leaving" how the page was left. Raises
        JourneyBroken where no page says so.
        """
        from playwright.sync_api import Locator

        if level == "transport":
            return Told().witness(save, evidence, level)
        if isinstance(evidence, Departure):
            return evidence.witness(save, level)
        if level == "leaving":
            raise ScenarioError(
                f"{save.id}: leave(page, ...) says how a page was left, not {evidence!r}"
            )
        if isinstance(evidence, Locator):
            return self._await(save, lambda: [evidence], _named(evidence))
        if not isinstance(evidence, str) or not evidence.strip():
            raise ScenarioError(
                f"{save.id}: {evidence!r} shows nobody anything; pass the locator of what the page "
                "says, such as page.get_by_role('status'), or its text"
            )
        if not self.open_pages:
            raise ScenarioError(
                f"{save.id}: no page is open that could say {evidence!r}; open it from the "
                "fixtures page, context or new_context, or pass level='transport' for an answer"
            )
        text = evidence
        return self._await(
            save,
            lambda: [page.get_by_text(text) for page in self.open_pages],
            f"the text {text!r}",
        )

    def _await(self, save: Save, places: Callable[[], list[Locator]], name: str) -> str:
        """Ask the places in turn until one was rendered since the save began."""
        since_ms = int(_wall_s(save.began_s) * 1000)
        end_s = time.monotonic() + self.spec.acknowledge_s_max
        last: dict[str, str] = {"state": "missing", "text": ""}
        while time.monotonic() < end_s and self.open_pages:
            for place in places():
                answer = _ask(place, since_ms)
                last = answer if answer["state"] not in ("missing", "gone") else last
                if last["state"] == "fresh":
                    if not save.signed_out:
                        self._refuse_sign_in(last)
                    return last["text"]
                if last["state"] == "unwatched":
                    raise ScenarioError(
                        f"{save.id}: {name} is on a page the harness does not watch; open it from "
                        "the fixtures page, context or new_context"
                    )
            self._let_handlers_act()
        raise JourneyBroken(_unsaid(last, name, self.spec.acknowledge_s_max))

    def _refuse_sign_in(self, answer: Mapping[str, str]) -> None:
        """A page that asks who one is speaks of that, and not of what was saved before it."""
        if answer.get("asks") and self._asking and not any(self._asking.values()):
            where = sign_in_shown(self.open_pages) or "a sign-in page is shown"
            raise JourneyBroken(f"{where} It says {answer['text'][:TOLD_CHARS_MAX]!r}")

    def _let_handlers_act(self) -> None:
        """Have the scenario's locator handlers do what they are for, as any other wait does.

        What a handler could not do shows in what the page says then, or does not.
        """
        from playwright.sync_api import Error as PlaywrightError

        for page in self.open_pages:
            with suppress(PlaywrightError):
                page.locator("html").wait_for(state="attached", timeout=ASK_MS)

    def enter(self, save: Save, name: str, place: object, how: str) -> None:
        """Put the field's value into a place of the page; journal what it holds then."""
        if self._line is not None:
            self._line.typing()
        self._look_whether_asking(place)
        began_s = time.time()
        held, used = inputs.put(save, name, place, how)
        if self.spec.trace and used in UNTRACED:
            self._keep(began_s, place, save.values[name])
        save.typed(how=used, **{name: held})

    def _look_whether_asking(self, place: object) -> None:
        """Once for each page: one that always asks for a password is no sign-in page later."""
        from playwright.sync_api import Locator

        if isinstance(place, Locator) and (where := address_of(place.page)) not in self._asking:
            self._asking[where] = asks_who(place.page)

    def told(self, save: Save) -> None:
        """Ask which release it was; let the gate act where it waits for this acknowledgement."""
        self._ask_release(save)
        if self._line is not None:
            self._line.acknowledged()

    def _ask_release(self, save: Save) -> None:
        """What the newest page names as its release, where the plan says that pages do."""
        from playwright.sync_api import Error as PlaywrightError

        place = self.spec.answered.get("page")
        if not place:
            return
        attribute = self.spec.answered.get("attribute")
        for page in self.open_pages[:1]:
            try:
                found = page.locator(place).first
                if attribute:
                    told = found.get_attribute(attribute, timeout=ASK_MS)
                else:
                    told = found.text_content(timeout=ASK_MS)
            except PlaywrightError as error:
                self._requests.warn(f"a page could not be asked for its release: {error}")
                return
            release = (told or "").strip()[:RELEASE_CHARS_MAX]
            if release:
                self._requests.write(
                    ev.ReleaseShown(trial=self._trial, save=save.id, release=release)
                )

    def _keep(self, at_s: float, place: object, value: object) -> None:
        """An input that a trace does not show; one of several rows is none of it."""
        from playwright.sync_api import Locator

        if not isinstance(place, Locator) or not isinstance(value, str):
            return
        number = self.contexts.index(place.page.context)
        act = {
            "do": "act",
            "context": number,
            "page": place.page.context.pages.index(place.page),
            "method": "insert",
            "params": {"selector": place._impl_obj._selector, "text": value},
        }
        self.acts.append((at_s, act))

    def complaints(self, since_s: float) -> str:
        """What the pages told their user of a failure since then (monotonic)."""
        from playwright.sync_api import Error as PlaywrightError

        since_ms = int(_wall_s(since_s) * 1000)
        said: list[str] = []
        for page in self.open_pages:
            try:
                said += page.locator("html").evaluate(_COMPLAINTS_JS, since_ms, timeout=ASK_MS)
            except PlaywrightError as error:
                self._requests.warn(f"a page could not be asked what it told its user: {error}")
        return " | ".join(dict.fromkeys(said))[:TOLD_CHARS_MAX]


def _ask(place: Locator, since_ms: int) -> dict[str, str]:
    """What a place says within a moment; {"state": "missing"} while its page is leaving."""
    from playwright.sync_api import Error as PlaywrightError

    spec = {"since_ms": since_ms, "wait_ms": SLICE_MS}
    try:
        # One message there and back, however many elements; evaluate() alone takes three.
        return dict(place.evaluate_all(_ASK_JS, spec))
    except PlaywrightError as error:
        if any(words in str(error).lower() for words in _LEAVING):
            time.sleep(SLICE_MS / 1000)
            return {"state": "missing", "text": ""}
        raise


# The document went away while it was asked; the next one is asked again.
_LEAVING = ("execution context was destroyed", "frame was detached", "navigat")


def _unsaid(last: dict[str, str], name: str, limit_s: float) -> str:
    text = last["text"][:TOLD_CHARS_MAX]
    seen = {
        "old": f"the page still says {text!r} from before this save",
        "hidden": f"it is there and hidden, with {text!r}" if text else "it is there and hidden",
        "empty": "it is there and says nothing",
    }
    return f"{name}: {seen.get(last['state'], 'nothing visible')} after {limit_s:g} s"


def _named(place: Locator) -> str:
    """The locator as its author wrote it, near enough: role=status, text="Saved"."""
    selector = str(place).split(" selector=")[-1].removesuffix(">").strip("'")
    return re.sub(r'internal:([\w-]+=)|(?<=")[is](?=\]|$| )', r"\1", selector)


def _wall_s(monotonic_s: float) -> float:
    """The browser's pages have the wall clock only."""
    return time.time() - (time.monotonic() - monotonic_s)
