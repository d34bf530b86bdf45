"""Two releases of the clinic on one database behind a front, and a browser that is told nothing."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Literal, TypeAlias

import psycopg
import pytest
from playwright.sync_api import Browser, BrowserContext, Response, expect, sync_playwright

from harness.browser import find_browser
from harness.deploy.choose import deployer_for
from harness.deploy.process import ProcessDeployer, ProcessDeployment
from harness.front import Front, open_front
from harness.front.link import IDLE_S_MAX
from harness.plan import load_plan
from harness.runs import RunFolder

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

ROOT = Path(__file__).parents[2]
OLD, NEW = "1.1.0", "1.2.0"
SAVED = re.compile("^Saved ")
SAVE = "PATCH /api/consultations/*"
Stored: TypeAlias = "Callable[[Desk], tuple[str, int]]"
TEXT = "TA <140/90, CRP ≥ 5 👩‍⚕️"


@pytest.fixture(scope="module")
def releases(run: RunFolder) -> Iterator[dict[str, ProcessDeployment]]:
    """Both, the newer on the storage of the older."""
    env = {"CLINIC_SECRET": "only-for-this-test"}
    plan = load_plan(ROOT / "harness.toml", env)
    deployer = deployer_for(plan, run, "process", env, [OLD, NEW])
    assert isinstance(deployer, ProcessDeployer)
    old, new = deployer.identify(OLD), deployer.identify(NEW)
    with ExitStack() as stack:
        before = stack.enter_context(deployer.deploy(old, "baseline", None))
        after = stack.enter_context(deployer.deploy(new, "candidate", old, before.storages))
        yield {OLD: before, NEW: after}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    found = find_browser()
    path = str(found.path) if found.path else None
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, channel=found.channel)
        yield browser
        browser.close()


@pytest.fixture
def front(run: RunFolder, releases: dict[str, ProcessDeployment]) -> Iterator[Front]:
    """Before both; the older gets everything at first."""
    with open_front(run, {name: one.url for name, one in releases.items()}) as front:
        yield front


class Desk:
    """A practitioner in a browser of their own; answers are those that the browser had."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        context.set_default_timeout(30_000)
        self.answers: list[Response] = []
        context.on("response", lambda answer: self.answers.append(answer))  # noqa: PLW0108 - it is marked
        self.page = context.new_page()
        self.page.goto(f"{url}/sign-in?next=/patients/15")
        self.page.get_by_label("Login").fill("dr1")
        self.page.get_by_label("Password").fill("clinic-demo")
        self.page.get_by_role("button", name="Sign in").click()
        self.page.get_by_role("button", name="New consultation").click()
        self.page.wait_for_url("**/consultations/*")
        self.page.locator("html[data-ready=true]").wait_for()
        self.number = int(self.page.url.rpartition("/")[2])

    @property
    def status(self) -> str:
        return self.page.get_by_role("status").inner_text()

    def save(self, text: str = TEXT) -> None:
        self.press_save(text)
        self.await_saved()

    def press_save(self, text: str = TEXT) -> None:
        self.page.get_by_label("History", exact=True).fill(text)
        self.page.get_by_role("button", name="Save", exact=True).click()

    def await_saved(self) -> None:
        expect(self.page.get_by_role("status")).to_have_text(SAVED, timeout=30_000)

    def await_failure(self) -> None:
        told = self.page.get_by_role("alert").filter(has_text="Not saved")
        expect(told).to_be_visible(timeout=30_000)

    def answered_by(self, method: str, path: str) -> list[str]:
        """The releases that answered requests of that method whose address holds the path."""
        return [
            answer.headers["x-release"]
            for answer in self.answers
            if answer.request.method == method and path in answer.url
        ]

    def fetch_status(self, path: str) -> int:
        """The status that the page gets for an address, whatever the browser keeps."""
        ask = "path => fetch(path, {cache: 'no-store'}).then(answer => answer.status)"
        status: int = self.page.evaluate(ask, path)
        return status


@pytest.fixture
def sit_down(chromium: Browser, front: Front) -> Iterator[Callable[[], Desk]]:
    """Open the clinic through the front, in a browser that was never used before."""
    with ExitStack() as stack:
        yield lambda: Desk(stack.enter_context(chromium.new_context()), front.url)


@pytest.fixture
def desk(sit_down: Callable[[], Desk]) -> Desk:
    return sit_down()


@pytest.fixture
def stored(releases: dict[str, ProcessDeployment]) -> Iterator[Callable[[Desk], tuple[str, int]]]:
    """The text of a desk's consultation, and how often it was saved."""
    with psycopg.connect(releases[OLD].storages["main"], autocommit=True) as connection:

        def read(desk: Desk) -> tuple[str, int]:
            found = connection.execute(
                "SELECT history, version - 1 FROM consultation WHERE id = %s", [desk.number]
            ).fetchone()
            assert found is not None
            return found[0], found[1]

        yield read


def test_a_page_of_the_old_release_saves_to_the_new_one(
    front: Front, desk: Desk, stored: Stored
) -> None:
    """After a switch an open page goes on against the new release, which has none of its files."""
    desk.save("before")
    front.to(NEW)
    desk.save()

    assert desk.answered_by("PATCH", "/api/") == [OLD, NEW]
    assert stored(desk) == (TEXT, 2)
    assert desk.fetch_status(f"/static/{OLD}/share.js") == 404
    front.route(f"/static/{OLD}/*", OLD)
    assert desk.fetch_status(f"/static/{OLD}/share.js") == 200


def test_a_split_lets_both_releases_answer_one_page(
    front: Front, sit_down: Callable[[], Desk], stored: Stored
) -> None:
    """Requests take turns between the releases, each page has its files, and saves are whole."""
    front.split({OLD: 1, NEW: 1})
    for name in (OLD, NEW):
        front.route(f"/static/{name}/*", name)
    desk = sit_down()
    for number in range(4):
        desk.save(f"{number}")

    assert {OLD, NEW} == set(desk.answered_by("PATCH", "/api/"))
    assert stored(desk) == ("3", 4)
    files = [answer for answer in desk.answers if "/static/" in answer.url]
    assert files
    assert all(answer.headers["x-release"] in answer.url for answer in files)


def test_a_sticky_split_keeps_each_browser_at_one_release(
    front: Front, sit_down: Callable[[], Desk]
) -> None:
    """Whatever a browser asks for, the release of its first answer is the one that answers."""
    front.split({OLD: 1, NEW: 1}, sticky=True)
    desks = [sit_down(), sit_down()]
    for desk in desks:
        desk.save()
        desk.page.reload()

    found = [{answer.headers["x-release"] for answer in desk.answers} for desk in desks]
    assert sorted(map(sorted, found)) == [[OLD], [NEW]]


def test_a_save_that_is_held_over_a_switch_is_stored_once(
    front: Front, desk: Desk, stored: Stored
) -> None:
    """Who pressed Save during the switch waits, and is then told by the new release."""
    with front.hold():
        desk.press_save()
        front.to(NEW)
        assert not SAVED.match(desk.status)
    desk.await_saved()

    assert desk.answered_by("PATCH", "/api/") == [NEW]
    assert stored(desk) == (TEXT, 1)


def test_a_slow_answer_is_waited_for(front: Front, desk: Desk, stored: Stored) -> None:
    """A delayed answer leaves the note stored and its author waiting that long."""
    with front.delayed(1.0, pattern=SAVE, side="answer"):
        began_s = time.monotonic()
        desk.save()
        took_s = time.monotonic() - began_s

    assert took_s >= 1.0
    assert stored(desk) == (TEXT, 1)


@pytest.mark.parametrize("side", ["request", "answer"])
def test_a_save_that_is_reset_is_told_and_made_again(
    front: Front, desk: Desk, stored: Stored, side: Literal["request", "answer"]
) -> None:
    """Whether the clinic had the save or not, its author is told, and sends it again by itself."""
    with front.reset(side=side, pattern=SAVE):
        desk.press_save()
        desk.await_failure()
        assert (stored(desk)[1] > 0) == (side == "answer")
    desk.await_saved()

    assert stored(desk)[0] == TEXT


def test_a_cut_network_is_told_and_the_save_made_again(
    front: Front, desk: Desk, stored: Stored
) -> None:
    """While the network is cut nothing is stored and the author is told; afterwards it is saved."""
    desk.save("before")
    with front.cut():
        desk.press_save()
        desk.await_failure()
        assert stored(desk) == ("before", 1)
    desk.await_saved()

    assert stored(desk) == (TEXT, 2)


def test_what_a_tab_lets_go_at_its_end_arrives(desk: Desk, stored: Stored) -> None:
    """A tab that goes a moment after the last key has its note stored, over a new connection."""
    time.sleep(IDLE_S_MAX)
    desk.page.get_by_label("History", exact=True).fill(TEXT)
    desk.page.close(run_before_unload=True)
    deadline_s = time.monotonic() + 10
    while stored(desk) != (TEXT, 1):
        assert time.monotonic() < deadline_s, stored(desk)
        time.sleep(0.05)


def test_a_release_that_comes_back_is_there_at_once(
    front: Front, desk: Desk, stored: Stored, releases: dict[str, ProcessDeployment]
) -> None:
    """While it is down the front answers for it; back at its address it has the next save."""
    desk.save("before")
    releases[OLD].kill()
    desk.press_save()
    desk.await_failure()
    down = front.answered()[OLD].down
    releases[OLD].start()
    desk.await_saved()

    assert down > 0
    assert stored(desk) == (TEXT, 2)
    assert front.answered()[OLD].unanswered == 0
