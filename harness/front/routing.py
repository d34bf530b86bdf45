"""Which target gets a request: a route by its path, or the share of each target."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import translate
from urllib.parse import urlsplit

ROUTES_MAX = 100
WEIGHT_MAX = 10_000
_METHOD = re.compile(r"[A-Z]+")


@dataclass(frozen=True, slots=True)
class Pattern:
    """Requests by path, and by method where text begins with one: ``/static/*``, ``POST /notes*``.

    A ``*`` stands for any characters, slashes included; the path is compared as it was sent,
    without its query.
    """

    text: str
    method: str | None
    path: re.Pattern[str]

    def fits(self, method: str, path: str) -> bool:
        """Whether a request is one of these."""
        return (self.method is None or self.method == method) and (
            self.path.fullmatch(path) is not None
        )


def pattern_from(text: str) -> Pattern:
    """Read a pattern; raises ValueError with the sentence for whoever wrote it."""
    method, space, path = text.rpartition(" ")
    if not path.startswith(("/", "*")) or (space and not _METHOD.fullmatch(method)):
        raise ValueError(
            f"the pattern {text!r} is no path; write one such as '/static/*', with a method "
            "before it where that counts: 'POST /notes/*'"
        )
    return Pattern(text, method or None, re.compile(translate(path)))


@dataclass(frozen=True, slots=True)
class Address:
    """Where a target listens."""

    host: str
    port: int


def address_from(url: str) -> Address:
    """Read a target's URL; raises ValueError where it is not plain HTTP to a host."""
    parts = urlsplit(url)
    if parts.scheme != "http" or not parts.hostname or parts.path.strip("/"):
        raise ValueError(f"the target {url!r} is no address; write one as http://127.0.0.1:8000")
    return Address(parts.hostname, parts.port or 80)


@dataclass
class Routing:
    """The routes in their order, and the shares of what no route fits.

    sticky keeps whoever had an answer of a target at that target, as long as it has a share.
    """

    targets: dict[str, Address] = field(default_factory=dict)
    routes: list[tuple[Pattern, str]] = field(default_factory=list)
    shares: dict[str, int] = field(default_factory=dict)
    sticky: bool = False
    _due: dict[str, int] = field(default_factory=dict)

    def split(self, shares: Mapping[str, int], sticky: bool) -> None:
        """Share requests by weight; raises ValueError."""
        for name, weight in shares.items():
            self.known(name)
            if not 0 <= weight <= WEIGHT_MAX:
                raise ValueError(f"the weight {weight!r} of {name} is not from 0 to {WEIGHT_MAX}")
        if not any(shares.values()):
            raise ValueError("a split in which no target has a weight sends requests nowhere")
        self.shares = {name: weight for name, weight in shares.items() if weight}
        self.sticky = sticky
        self._due = dict.fromkeys(self.shares, 0)

    def route(self, text: str, target: str) -> None:
        """Send what fits to the target, before any route that was given earlier; raises ValueError.

        The same pattern again takes the place of the old one.
        """
        self.known(target)
        pattern = pattern_from(text)
        self.unroute(text)
        if len(self.routes) == ROUTES_MAX:
            raise ValueError(f"more than {ROUTES_MAX} routes")
        self.routes.insert(0, (pattern, target))

    def unroute(self, text: str) -> None:
        """Forget the route of that pattern, if there is one."""
        self.routes = [each for each in self.routes if each[0].text != text]

    def known(self, name: str) -> None:
        """Raises ValueError where no target has that name."""
        if name not in self.targets:
            raise ValueError(f"no target is called {name!r}; there are {_listed(self.targets)}")

    def routed(self, method: str, path: str) -> str | None:
        """The target of the first route that fits, else None."""
        for pattern, target in self.routes:
            if pattern.fits(method, path):
                return target
        return None

    def shared(self) -> str:
        """The target whose turn it is: by weight, and as evenly mixed as weights allow."""
        shares, due = self.shares, self._due
        if len(shares) == 1:
            return next(iter(shares))
        for name, weight in shares.items():
            due[name] += weight
        turn = max(due, key=due.__getitem__)
        due[turn] -= sum(shares.values())
        return turn


def _listed(names: Mapping[str, object] | Sequence[str]) -> str:
    return ", ".join(sorted(names)) or "none"
