"""What the front is at this moment: its targets, its routing, its faults and who is connected."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import asdict

from harness.front.client import Client
from harness.front.faults import Fault, Faults
from harness.front.link import Pool, reset
from harness.front.routing import Routing, address_from
from harness.front.sticking import Sticking

CLIENTS_MAX = 4_096
TARGETS_MAX = 100
SWEEP_S = 0.5
BACKLOG = 1_024


class Proxy:
    """Clients on one side, targets on the other; every act is in effect when it returns."""

    def __init__(self) -> None:
        self.routing = Routing()
        self.faults = Faults()
        self.pools: dict[str, Pool] = {}
        self.clients: set[Client] = set()
        self.sticking = Sticking(lambda: self.routing.targets)
        self.forwarded = False
        # Counts the changes of the routing: what waits then chooses its target again.
        self.version = 0

    async def listen(self, host: str) -> tuple[asyncio.Server, str]:
        """Begin to take connections, on a free port; gives the URL."""
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Client(self), host, 0, backlog=BACKLOG)
        return server, f"http://{host}:{server.sockets[0].getsockname()[1]}"

    def admit(self, client: Client) -> None:
        """A new connection: kept, or reset where the network is cut or too many are there."""
        cut = any(f.kind == "cut" and f.whole for f in self.faults.lasting.values())
        if cut or len(self.clients) >= CLIENTS_MAX:
            reset(client.transport)
            return
        self.clients.add(client)

    def add(self, name: str, url: str) -> None:
        """A target, or its new address; the first one gets all requests. Raises ValueError."""
        if len(self.pools) == TARGETS_MAX and name not in self.pools:
            raise ValueError(f"more than {TARGETS_MAX} targets")
        pool = Pool(address_from(url))
        old = self.pools.get(name)
        if old is not None:
            pool.counts = old.counts
            old.close_idle()
        self.routing.targets[name] = pool.address
        self.pools[name] = pool
        if not self.routing.shares:
            self.routing.split({name: 1}, sticky=False)
        self._changed()

    def split(self, shares: Mapping[str, int], sticky: bool) -> None:
        """Share requests by weight; raises ValueError."""
        self.routing.split(shares, sticky)
        self._changed()

    def route(self, pattern: str, target: str | None) -> None:
        """Send what fits to one target, None: as everything else; raises ValueError."""
        if target is None:
            self.routing.unroute(pattern)
        else:
            self.routing.route(pattern, target)
        self._changed()

    def begin(self, fault: Fault) -> int:
        """Let a fault last; gives its number. Raises ValueError."""
        if fault.target is not None:
            self.routing.known(fault.target)
        number = self.faults.begin(fault)
        if fault.kind == "cut":
            for client in list(self.clients):
                if fault.whole or touched(fault, client):
                    client.cut()
        return number

    def counts(self) -> dict[str, dict[str, int]]:
        """What became of requests so far, by target."""
        return {name: asdict(pool.counts) for name, pool in self.pools.items()}

    async def sweep(self) -> None:
        """Close for ever what is idle or overdue."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(SWEEP_S)
            now_s = loop.time()
            for client in list(self.clients):
                client.sweep(now_s)
            for pool in self.pools.values():
                pool.sweep(now_s)

    def _changed(self) -> None:
        self.version += 1
        self.faults.tell()


def touched(fault: Fault, client: Client) -> bool:
    """Whether what the client has on its way is what the fault is about."""
    exchange = client.exchange
    return exchange is not None and fault.touches(
        exchange.target, exchange.head.method, exchange.head.path
    )
