"""A network that is slow, or cut and back."""

from __future__ import annotations

from playwright.sync_api import Route, expect

from harness.factors import Levelled
from harness.plugin import Trial, factors
from scenarios.note_page import FIELDS
from scenarios.practitioner import Practitioner


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


@factors(saved_by=["button", "autosave"])
def test_network_is_cut_and_back(
    practitioner: Practitioner, journal: Trial, case: Levelled
) -> None:
    """A save fails and the page says so; once the network is back it saves by itself."""
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
            practitioner.context.set_offline(False)
        save.acknowledged(page.told_saved())
