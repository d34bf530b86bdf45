"""A network that is slow, or cut and back."""

from __future__ import annotations

from contextlib import suppress

from playwright.sync_api import BrowserContext, Route, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from harness.factors import Levelled
from harness.plugin import Trial, factors
from scenarios.note_page import FIELDS, NotePage
from scenarios.practitioner import Practitioner

# A page that sends the next save at once has its answer by then.
OVERTAKING_MS = 1000


@factors(saved_by=["button", "autosave", "leaving"])
def test_type_on_while_a_save_is_under_way(
    practitioner: Practitioner, journal: Trial, case: Levelled
) -> None:
    """Over a slow network more is typed between a save of the page's own and its answer."""
    number = practitioner.new_consultation()
    page = practitioner.open(number)
    held: list[Route] = []
    page.page.route("**/api/consultations/*", lambda route: _hold(held, route), times=1)
    with journal.record("consultation", key=number).save(**dict.fromkeys(FIELDS, "plain")) as save:
        with page.page.expect_request("**/api/consultations/*"):
            page.enter(save, FIELDS[:2])
        page.enter(save, FIELDS[2:3])
        answer = held[0].fetch()
        page.enter(save, FIELDS[3:])
        held[0].fulfill(response=answer)
        page.save_by(case.saved_by)
        save.acknowledged(page.told_saved(case.saved_by))


def _hold(held: list[Route], route: Route) -> None:
    held.append(route)


@factors(saved_by=["button", "autosave"], first_answer=["the clinic's", "404 of a gateway"])
def test_network_is_cut_and_back(
    practitioner: Practitioner, journal: Trial, case: Levelled
) -> None:
    """A save fails and the page says so; once the network is back it saves, by itself or asked."""
    number = practitioner.new_consultation()
    page = practitioner.open(number)
    with journal.record("consultation", key=number).save(
        **dict.fromkeys(FIELDS, "typography")
    ) as save:
        with journal.fault("network cut"):
            practitioner.context.set_offline(True)
            page.enter(save)
            page.save_by(case.saved_by)
            expect(page.failure).to_contain_text("cannot be reached")
            if case.first_answer == "404 of a gateway":
                be_turned_away(page, practitioner.context)
            else:
                practitioner.context.set_offline(False)
        save.acknowledged(page.told_saved())


def be_turned_away(page: NotePage, context: BrowserContext) -> None:
    """The network comes back before the clinic does; who finds no "Saved" presses the button."""
    page.page.route("**/api/consultations/*", lambda route: route.fulfill(status=404), times=1)
    with page.page.expect_response(lambda answer: answer.status == 404):
        context.set_offline(False)
    page.save_by("button")


def test_first_save_arrives_last(practitioner: Practitioner, journal: Trial) -> None:
    """The network holds a save back; whatever overtakes it, the last text is the one to keep."""
    number = practitioner.new_consultation()
    page = practitioner.open(number)
    held: list[Route] = []
    page.page.route("**/api/consultations/*", lambda route: _hold(held, route), times=1)
    with journal.record("consultation", key=number).save(history="multiline") as save:
        with page.page.expect_request("**/api/consultations/*"):
            page.field("history").fill(str(save.history)[:20])
            page.save_by("button")
        page.enter(save)
        page.save_by("button")
        with suppress(PlaywrightTimeout):
            page.told_saved().wait_for(timeout=OVERTAKING_MS)
        with page.page.expect_response("**/api/consultations/*"):
            held[0].continue_()
        save.acknowledged(page.told_saved())
