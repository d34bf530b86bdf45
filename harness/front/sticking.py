"""A cookie of the front's own, which never reaches an application: it keeps a browser at a target.

By connection would keep nobody: a browser opens several for one page.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterable

from harness.front.framing import RequestHead


class Sticking:
    """Names targets in a cookie; targets gives their names, in an order that never changes.

    The cookie's name is chosen afresh, because browsers give a cookie to every port of a host.
    """

    def __init__(self, targets: Callable[[], Iterable[str]]) -> None:
        self._targets = targets
        self.name = f"front-{secrets.token_hex(6)}".encode()
        name = re.escape(self.name)
        self._found = re.compile(rb"(?:^|;)[ \t]*%s=(\d{1,4})[ \t]*(?=;|$)" % name)
        self._line = re.compile(rb"\r\n(cookie:)[ \t]*([^\r]*)(?=\r\n)", re.IGNORECASE)
        self._pair = re.compile(rb"(?:^|;)[ \t]*%s=[^;]*" % name)

    def target_of(self, head: RequestHead) -> str | None:
        """The target whose answer the sender had; None where it had none."""
        for cookies in head.cookies:
            found = self._found.search(cookies)
            if found:
                names = list(self._targets())
                number = int(found[1])
                return names[number] if number < len(names) else None
        return None

    def without_cookie(self, raw: bytes) -> bytes:
        """A request's head as it was before the cookie; without the line where nothing is left."""
        if self.name not in raw:
            return raw

        def bare(line: re.Match[bytes]) -> bytes:
            left = self._pair.sub(b"", line[2]).lstrip(b"; \t")
            return b"\r\n" + line[1] + b" " + left if left else b""

        return self._line.sub(bare, raw)

    def with_cookie(self, raw: bytes, target: str) -> bytes:
        """An answer's head that gives the cookie as well."""
        number = list(self._targets()).index(target)
        line = b"Set-Cookie: %s=%d; Path=/; HttpOnly; SameSite=Lax\r\n" % (self.name, number)
        return raw[:-2] + line + b"\r\n"
