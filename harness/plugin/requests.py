"""What a trial's pages send: every request that may write, and its answer, in the journal."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from harness.drive.spec import Spec
from harness.errors import EnvironmentBroken
from harness.journal import events as ev
from harness.journal.writer import JournalWriter
from harness.plugin.bodies import OPAQUE, read_body

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Request, Response

RELEASE_CHARS_MAX = 100
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_PORTS = {"http": 80, "https": 443}
# An interface of this host came or went, as those of containers do: the browser then drops
# requests, a script of the page among them.
HOST = ("err_network_changed", "err_network_io_suspended")


class Requests:
    """Journals the requests of a trial's contexts, counted from 1, until it is stopped.

    An error in a listener would break the browser's connection or vanish, so it is journaled; where
    the journal itself is the trouble it is kept in trouble, for the trial to raise.
    """

    def __init__(self, trial: str, spec: Spec, writer: JournalWriter) -> None:
        self.trouble: EnvironmentBroken | None = None
        self.host_trouble = ""
        self._trial = trial
        self._round = spec.round
        self._header = spec.answered.get("header", "").lower()
        self._writer = writer
        self._origin = _origin(spec.url)
        self._fields = {field.name for form in spec.forms.values() for field in form.fields}
        self._numbers: dict[Request, int] = {}
        self._stopped = False

    def watch(self, context: BrowserContext) -> None:
        """Listen to a context: all its pages, frames and workers."""
        context.on("request", self._guarded(self._sent))
        context.on("response", self._guarded(self._answered))
        context.on("requestfailed", self._guarded(self._failed))

    def stop(self) -> None:
        """Journal nothing more."""
        self._stopped = True

    def write(self, event: ev.Event) -> None:
        """Journal something else of this trial."""
        self._writer.write(event)

    def warn(self, sentence: str) -> None:
        """Journal that something could not be seen."""
        first = sentence.splitlines()[0]
        trouble = ev.Trouble(stage=self._round, sentence=f"{self._trial}: {first}", verdict="warn")
        self._writer.write(trouble)

    def _guarded(self, listener: Callable[[Any], None]) -> Callable[[Any], None]:
        from playwright.sync_api import Error as PlaywrightError

        def listen(happened: Any) -> None:
            if self._stopped:
                return
            try:
                try:
                    listener(happened)
                except (PlaywrightError, ValueError, LookupError, TypeError) as error:
                    self.warn(f"a request could not be journaled: {error!r}")
            except EnvironmentBroken as error:
                self.trouble = self.trouble or error

        return listen

    def _sent(self, request: Request) -> None:
        if request.method in _READING or _origin(request.url) != self._origin:
            return
        number = len(self._numbers) + 1
        self._numbers[request] = number
        content = request.post_data_buffer
        kind = request.headers.get("content-type")
        # A beacon always has a body; whether a fetch without one had any, nobody says.
        withheld = content is None and request.resource_type == "ping"
        body = OPAQUE if withheld else read_body(content, kind, self._fields)
        self._writer.write(
            ev.RequestSent(
                trial=self._trial,
                request=number,
                method=request.method,
                path=urlsplit(request.url).path,
                leaves=body.leaves,
                digests=body.digests,
                opaque=body.opaque,
            )
        )

    def _answered(self, response: Response) -> None:
        named = response.headers.get(self._header, "") if self._header else ""
        self._close(response.request, response.status, named[:RELEASE_CHARS_MAX])

    def _failed(self, request: Request) -> None:
        why = request.failure or ""
        if any(words in why.lower() for words in HOST):
            self.host_trouble = f"{why} at {urlsplit(request.url).path}"
        self._close(request, 0)

    def _close(self, request: Request, status: int, release: str = "") -> None:
        number = self._numbers.get(request)
        if number is not None:
            self._writer.write(
                ev.RequestAnswered(
                    trial=self._trial, request=number, status=status, release=release
                )
            )


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or _PORTS.get(parts.scheme)
