"""Each deployment's records are removed where they were written, and what goes is not watched."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from harness.canary import cleaning, sweeping
from harness.canary.cleaning import Broom, Cleaned
from harness.canary.collecting import Probes
from harness.canary.looking import Looker
from harness.canary.probing import FACTS
from harness.canary.recognising import Recognised
from harness.drive.spec import Spec
from harness.journal import events as ev
from harness.model import Form, Role
from harness.observations import Observation, Row, write_observation
from harness.storage.api import ApiStorage
from harness.storage.fake import FakeStorage
from harness.storage.scope import Scope
from harness.storage.seams import Storage
from tests.canary.stories import FORMS, TAG, TRIAL, Story, text

URLS: dict[Role, str] = {"candidate": "http://new:1", "baseline": "http://old:1"}
FOUND: dict[Role, Recognised] = {
    "candidate": Recognised((("note", ("2",)),)),
    "baseline": Recognised((("note", ("2",)), ("note", ("5",)))),
}


def spec(role: Role, folder: Path) -> Spec:
    return Spec(
        run=TAG, role=role, release="1", url=URLS[role], scenarios=folder, root=folder,
        journal=folder, evidence=folder, files=folder, forms=FORMS, texts=(),
        case_timeout_s_max=1.0,
    )  # fmt: skip


@pytest.fixture
def broom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Broom:
    """What cleans a planting that both deployments have, of which everything is proved."""
    (tmp_path / FACTS).write_text("{}")
    monkeypatch.setattr(cleaning, "read_journal", lambda _: [])
    monkeypatch.setattr(Broom, "_recognised", lambda *_: FOUND)
    plan: Any = SimpleNamespace(
        canaries=SimpleNamespace(clean={}), folder=tmp_path, secrets=frozenset()
    )
    run: Any = SimpleNamespace(path=tmp_path, journal=tmp_path, tag=TAG, observations=tmp_path)
    driven: Any = None
    specs = {role: spec(role, tmp_path) for role in URLS}
    probes = Probes((), {}, frozenset({"note"}))
    return Broom(plan, run, driven, specs, {}, probes, partial(sweeping._unwatch, run))


def test_each_deployment_is_asked_for_its_own(
    broom: Broom, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same key in two databases is two records, and each goes through its own address."""
    asked: list[tuple[Role, str, tuple[tuple[str, tuple[str, ...]], ...]]] = []
    monkeypatch.setattr(
        cleaning, "drive", lambda one, *_, **__: asked.append((one.role, one.url, one.removals))
    )
    cleaned = broom.sweep()

    assert [(role, URLS[role], FOUND[role].mine) for role in URLS] == asked
    assert sum(len(found.mine) for found in FOUND.values()) == cleaned.residue_n


def test_what_is_cleaned_is_not_watched_when_that_is_interrupted(
    broom: Broom, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Records that we have begun to remove are never told as lost by the next check."""

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cleaning, "drive", interrupted)
    with pytest.raises(KeyboardInterrupt):
        broom.sweep()

    assert not (broom.run.path / FACTS).exists()


class Answers(ApiStorage):
    """An API that has these rows, and a 404 for everything else."""

    def __init__(self, *rows: Row) -> None:
        super().__init__("http://127.0.0.1:9", {})
        self.rows = rows

    def observe(self, form: Form, scope: Scope) -> Iterator[Row]:
        yield from (row for row in self.rows if row.form == form.name)


WHOLE = Row("note", ("2",), {"title": text(), "body": "b"})


def swept(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    storage: Storage,
    state: str = "acknowledged",
    read: tuple[Row, ...] = (),
) -> Cleaned:
    """What cleaning says of a probe that wrote note 2, and of which the run has read that."""
    told = Story()
    save = told.save("note", ("2",), {"title": text(), "body": "b"})
    if state == "refused":
        told.say(ev.SaveRefused(save=save, evidence="no"))
    if state in ("acknowledged", "deleted"):
        told.told(save)
    if state == "deleted":
        record = f"{TRIAL}/r1"
        told.say(
            ev.SaveIntended(
                save=f"{record}/s2", record=record, revision=2, operation="delete", values={},
                classes={},
            )
        )  # fmt: skip
        told.told(f"{record}/s2")
    monkeypatch.setattr(cleaning, "read_journal", lambda _: told.end().events)
    monkeypatch.setattr(Broom, "_remove", lambda *_: [])
    seen = Observation("001", "candidate", "final", 1.0, 2.0, {"note": read})
    write_observation(folder, seen)
    looker = Looker(folder, "candidate", {"main": storage}, FORMS, codecs=folder)
    plan: Any = SimpleNamespace(
        canaries=SimpleNamespace(clean={}), folder=folder, secrets=frozenset()
    )
    run: Any = SimpleNamespace(path=folder, journal=folder, tag=TAG, observations=folder)
    driven: Any = None
    specs: dict[Role, Spec] = {"candidate": spec("candidate", folder)}
    probes = Probes((), {}, frozenset())
    return Broom(plan, run, driven, specs, {"candidate": looker}, probes).sweep()


@pytest.mark.parametrize("state", ["acknowledged", "unknown"])
def test_what_an_api_never_showed_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    """A gateway's 404 forgets no record: it counts until somebody has seen it go."""
    cleaned = swept(tmp_path, monkeypatch, Answers(), state)

    assert (1, 0, 1) == (cleaned.written_n, cleaned.cleaned_n, cleaned.residue_n)
    assert "note 2 was never there when the API was asked for it" in cleaned.left[0]


def test_what_an_api_has_shown_and_shows_no_longer_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run has read it, so that its 404 is that record's."""
    assert 0 == swept(tmp_path, monkeypatch, Answers(), read=(WHOLE,)).residue_n
    assert 1 == swept(tmp_path, monkeypatch, Answers(WHOLE)).residue_n


def test_what_nobody_may_expect_there_is_not_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was refused, or deleted again; and what a database does not have is not there."""
    for state in ("refused", "deleted"):
        assert 0 == swept(tmp_path, monkeypatch, Answers(), state).residue_n
    assert 0 == swept(tmp_path, monkeypatch, FakeStorage({})).residue_n
