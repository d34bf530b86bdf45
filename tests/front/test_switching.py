"""Which target gets what, while it changes."""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from collections.abc import Callable

import pytest

from harness.errors import UsageError
from harness.front import Front
from harness.front.routing import Routing, address_from
from tests.front.application import Application, Caller, Request, await_quiet, ok

Behind = Callable[..., Application]


def test_a_switch_is_in_effect_when_it_returns(behind: Behind, front: Front) -> None:
    """The first request after a switch goes to the new target, on a connection that was open."""
    old, new = behind("old"), behind("new")
    caller = Caller(front.url)
    for target in (new, old, new):
        front.to(target.name)

        assert target.name.encode() == caller.ask()[1]


def test_a_switch_under_load_loses_and_doubles_nothing(behind: Behind, front: Front) -> None:
    """While users save without a pause, 20 switches lose no save and double none."""
    saves_n, users_n = 150, 6

    async def count(application: Application, request: Request) -> bytes:
        return ok(b"saved")

    targets = [behind("old", count), behind("new", count)]
    acknowledged: list[bytes] = []

    def user(number: int) -> None:
        caller = Caller(front.url)
        for save in range(saves_n):
            text = b"%d/%d" % (number, save)
            if caller.ask("POST /notes", body=text)[1] == b"saved":
                acknowledged.append(text)

    users = [threading.Thread(target=user, args=(number,)) for number in range(users_n)]
    for each in users:
        each.start()
    for turn in range(20):
        time.sleep(0.02)
        front.to(targets[turn % 2].name)
    for each in users:
        each.join(60)

    stored = Counter(request.body for target in targets for request in target.requests)
    assert users_n * saves_n == len(acknowledged)
    assert Counter(acknowledged) == stored
    assert all(target.requests for target in targets)


def test_requests_in_flight_stay_and_can_be_awaited(behind: Behind, front: Front) -> None:
    """A switch leaves what is on its way; the gate can wait until the old target is quiet."""
    go_on = threading.Event()

    async def slow(application: Application, request: Request) -> bytes:
        import asyncio

        await asyncio.to_thread(go_on.wait, 10)
        return ok(b"from old")

    old, new = behind("old", slow), behind("new")
    caller = Caller(front.url)
    caller.send(b"GET / HTTP/1.1\r\n\r\n")
    while not front.answered()[old.name].in_flight:
        pass
    front.to(new.name)
    threading.Timer(0.1, go_on.set).start()
    await_quiet(front, old.name)

    assert caller.answer()[1] == b"from old"


@pytest.mark.parametrize(
    ("shares", "turns"),
    [
        ({"a": 1, "b": 1}, "abababab"),
        ({"a": 1, "b": 3}, "bbabbbab"),
        ({"a": 0, "b": 1}, "bbbbbbbb"),
    ],
)
def test_shares_are_mixed_evenly(shares: dict[str, int], turns: str) -> None:
    """Every stretch of requests is split by weight, not only the whole."""
    routing = Routing({name: address_from("http://h:1") for name in "ab"})
    routing.split(shares, sticky=False)
    found = "".join(routing.shared() for _ in range(8))

    assert Counter(turns) == Counter(found)
    assert found == found[:4] * 2


def test_a_split_sends_each_its_share(behind: Behind, front: Front, caller: Caller) -> None:
    """Of requests over one connection each target gets its weight's share."""
    old, new = behind("old"), behind("new")
    front.split({old.name: 1, new.name: 3})
    for _ in range(40):
        caller.ask()

    assert (len(old.requests), len(new.requests)) == (10, 30)


def test_a_sticky_browser_stays(behind: Behind, front: Front) -> None:
    """A cookie of the front's keeps a browser at one target over all its connections."""
    old, new = behind("old"), behind("new")
    front.split({old.name: 1, new.name: 1}, sticky=True)
    names = set()
    for _ in range(4):
        head, first = Caller(front.url).ask()
        cookie = re.findall(rb"Set-Cookie: (front-\w+=\d+); Path=/; HttpOnly; SameSite=Lax", head)
        again = [Caller(front.url).ask("GET /", f"Cookie: a=1; {cookie[0].decode()}; b=2")]
        again += [Caller(front.url).ask("GET /", f"cookie: {cookie[0].decode()}")]
        names.add(first)

        assert [first, first] == [body for _, body in again]
        assert not any(b"Set-Cookie" in head for head, _ in again)
    assert len(names) == 2
    heads = b"".join(old.heads + new.heads)
    assert b"front-" not in heads
    assert heads.count(b"Cookie: a=1; b=2\r\n") == 4
    assert heads.lower().count(b"cookie:") == 4


def test_a_sticky_browser_moves_when_its_target_has_no_share(
    behind: Behind, front: Front, caller: Caller
) -> None:
    """Who stuck to a target that gets nothing any more is sent on, and sticks there."""
    old, new = behind("old"), behind("new")
    front.split({old.name: 1}, sticky=True)
    head, _ = caller.ask()
    (cookie,) = re.findall(r"Set-Cookie: (front-\w+=\d+)", head.decode())
    front.split({new.name: 1}, sticky=True)
    head, body = caller.ask("GET /", f"Cookie: {cookie}")

    assert body == new.name.encode()
    assert b"Set-Cookie: front-" in head


def test_a_stale_page_comes_from_one_and_saves_to_the_other(
    behind: Behind, front: Front, caller: Caller
) -> None:
    """Routes by method and path come before shares, the last given first, until unrouted."""
    old, new = behind("old"), behind("new")
    front.to(new.name)
    front.route("GET /*", old.name)
    front.route("/healthz", new.name)
    try:
        asked = [
            caller.ask(line)[1].decode().split("-")[0]
            for line in ("GET /notes/1", "GET /static/a/b.js?v=1", "POST /notes/1", "GET /healthz")
        ]
    finally:
        front.unroute("GET /*")
        front.unroute("/healthz")

    assert ["old", "old", "new", "new"] == asked
    assert caller.ask()[1] == new.name.encode()


def test_a_target_may_move(behind: Behind, front: Front, caller: Caller) -> None:
    """A target that was started again elsewhere is reached there, and its counts go on."""
    old, new = behind("old"), behind("new")
    caller.ask()
    front.add(old.name, new.url)

    assert caller.ask()[1] == new.name.encode()
    assert front.answered()[old.name].answered == 2


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (lambda front: front.to("nowhere"), "no target is called 'nowhere'"),
        (lambda front: front.split({}), "sends requests nowhere"),
        (lambda front: front.split({"nobody": -1}), "is not from 0 to"),
        (lambda front: front.split({"nobody": "x"}), "not supported"),
        (lambda front: front.route("static/*", "nobody"), "is no path"),
        (lambda front: front.add("tls", "https://127.0.0.1:1"), "is no address"),
        (lambda front: front.cut(target="nowhere").__enter__(), "no target is called"),
        (lambda front: front.delayed(-1).__enter__(), "a delay of -1 s"),
        (lambda front: front.reset(-1).__enter__(), "write 0 or more"),
    ],
)
def test_what_cannot_be_done_is_said(front: Front, act: Callable[[Front], None], said: str) -> None:
    """An act that names what is not there changes nothing and says what is wrong."""
    with pytest.raises(UsageError, match=re.escape(said)):
        act(front)
