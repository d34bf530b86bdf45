"""A request body has a limit, and the sender is told when it is exceeded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import HTMLResponse

from clinic.errors import Refused
from clinic.settings import MIB_BYTES

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

# A browser reads the answer only once it has sent its body: up to here the surplus is read and
# dropped, beyond it the connection is closed.
DRAINED_BYTES_MAX = 256 * MIB_BYTES


class BodyLimit:
    """Answer 413 to a body above the limit, whether or not its length was announced."""

    def __init__(self, app: ASGIApp, bytes_max: int) -> None:
        self.app = app
        self.bytes_max = bytes_max

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, counting what it carries."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
        elif _announced_bytes(scope) > self.bytes_max:
            await _drain(receive)
            response = HTMLResponse("<h1>413 Request Entity Too Large</h1>", 413)
            await response(scope, receive, send)
        else:
            await self.app(scope, self._counted(receive), send)

    def _counted(self, receive: Receive) -> Receive:
        seen_bytes = 0

        async def counting() -> Message:
            nonlocal seen_bytes
            message = await receive()
            seen_bytes += len(message.get("body", b""))
            if seen_bytes > self.bytes_max:
                await _drain(receive)
                raise self._refusal()
            return message

        return counting

    def _refusal(self) -> Refused:
        limit = self.bytes_max // MIB_BYTES
        return Refused(
            413,
            "too_large",
            f"What was sent is too large: the limit is {limit} MiB.",
            bytes_max=self.bytes_max,
        )


def _announced_bytes(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() else 0
    return 0


async def _drain(receive: Receive) -> None:
    drained_bytes = 0
    while drained_bytes < DRAINED_BYTES_MAX:
        message = await receive()
        drained_bytes += len(message.get("body", b""))
        if message["type"] != "http.request" or not message.get("more_body", False):
            return
