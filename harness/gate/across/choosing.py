"""Which of the promised cases live through a change of releases, and where in them it comes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from harness.checks.history import Save, Trial
from harness.checks.journeys import why_no_evidence
from harness.journal.events import BY_HAND
from harness.judge import Grounds
from harness.model import PLANT, Case, Key, Sight
from harness.orders import ORDER

SIGHTS_MAX = 8


@dataclass(frozen=True, slots=True)
class Chosen:
    """A case and the numbers of the acknowledgements at which something may happen."""

    case: Case
    places: tuple[int, ...] = (1,)


def editing(grounds: Grounds, able: Collection[int]) -> Iterator[Chosen]:
    """Cases that save a record and later save it again, so that a release can come in between."""

    def places(trial: Trial) -> Iterator[int]:
        if _lets_go(trial):
            return
        for place, save in enumerate(_acknowledged(trial), start=1):
            if any(
                other.began_s > save.over_s and other.intended.record == save.intended.record
                for other in trial.saves
            ):
                yield place

    return _those(grounds, able, places)


def typing(grounds: Grounds, able: Collection[int]) -> Iterator[Chosen]:
    """Cases in which something is put into a page, by us, and saved by it."""

    def places(trial: Trial) -> Iterator[int]:
        saves = [s for s in trial.saves if _is_put(s) and s.state == "acknowledged"]
        if any(save.level != "transport" for save in saves):
            yield 1

    return _those(grounds, able, places)


def saving(grounds: Grounds, able: Collection[int]) -> Iterator[Chosen]:
    """Cases with acknowledgements by a page."""

    def places(trial: Trial) -> Iterator[int]:
        if _lets_go(trial):
            return
        for place, save in enumerate(_acknowledged(trial), start=1):
            if save.level != "transport":
                yield place

    return _those(grounds, able, places)


def rotating(grounds: Grounds, pages: Sequence[Chosen]) -> list[Chosen]:
    """Every second of these pages, to be saved where secrets have changed as well.

    None that sends as it is left: nobody is there any more to be told of being signed out.
    """
    able = {one.case.number for one in pages[1::2]}
    staying = {one.case.number for one in saving(grounds, able)}
    return [one for one in pages if one.case.number in staying]


def anything(grounds: Grounds, able: Collection[int]) -> Iterator[Chosen]:
    """Every case."""
    return _those(grounds, able, lambda _: (1,))


def spread(chosen: Iterable[Chosen], n: int | None) -> list[Chosen]:
    """So many of them that differ as much as they can; all where n is None."""
    left = list(chosen)
    if n is None:
        return left
    covered: set[object] = set()
    picked: list[Chosen] = []
    while left and len(picked) < n:
        best = max(left, key=lambda one: (len(_marks(one.case) - covered), -one.case.number))
        left.remove(best)
        picked.append(best)
        covered |= _marks(best.case)
    return picked


def sights(grounds: Grounds) -> tuple[Sight, ...]:
    """Records that the baseline's cases made, planted ones first, with what storage holds of them.

    Storage as it was read last, whatever was due: what the baseline lost is none of the upgrade's.
    """
    reads = [o for o in grounds.observations if o.role == "upgraded" and o.purpose == "before"]
    rows = {(row.form, row.key): row for o in reads for some in o.rows.values() for row in some}
    found: dict[tuple[str, Key], Sight] = {}
    trials = grounds.history.of_role("baseline")
    for trial in sorted(trials, key=lambda t: t.began.round != PLANT):
        for record in trial.records:
            if record.key is None or record.form not in grounds.promise.readers:
                continue
            row = rows.get((record.form, record.key))
            saved = {name for save in record.saves for name in save.intended.values}
            due = {name: row.fields[name] for name in saved if name in row.fields} if row else {}
            if due:
                found.setdefault((record.form, record.key), Sight(record.form, record.key, due))
    return tuple(spread_sights(list(found.values())))


def spread_sights(found: list[Sight]) -> list[Sight]:
    """The same number of each form, as far as there are."""
    by_form: dict[str, list[Sight]] = {}
    for sight in found:
        by_form.setdefault(sight.form, []).append(sight)
    taken: list[Sight] = []
    while len(taken) < SIGHTS_MAX and any(by_form.values()):
        for waiting in by_form.values():
            if waiting and len(taken) < SIGHTS_MAX:
                taken.append(waiting.pop(0))
    return taken


def _those(
    grounds: Grounds, able: Collection[int], places: Callable[[Trial], Iterable[int]]
) -> Iterator[Chosen]:
    by_number = {case.number: case for case in grounds.promise.cases}
    seen: set[int] = set()
    for trial in grounds.history.promised("candidate"):
        number = trial.began.number
        if number in seen or number not in able or number not in by_number:
            continue
        if why_no_evidence(trial) is None and (found := tuple(places(trial))):
            seen.add(number)
            yield Chosen(by_number[number], found)


def _lets_go(trial: Trial) -> bool:
    """Whether a page was left that sends as it goes: to end something right then is our doing."""
    return any(save.level == "leaving" for save in trial.saves)


def _is_put(save: Save) -> bool:
    """Whether some of it was typed where the gate hears of it before."""
    return any(typed.how != BY_HAND for told in save.typed.values() for typed in told)


def _acknowledged(trial: Trial) -> list[Save]:
    told = [save for save in trial.saves if save.state == "acknowledged"]
    return sorted(told, key=lambda save: save.over_s)


def _marks(case: Case) -> set[object]:
    """What a case has of its own: its scenario, and its level of each factor."""
    levels = {(f, level) for f, level in case.levels.items() if f != ORDER}
    return {case.scenario, *levels}
