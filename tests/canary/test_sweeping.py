"""Each deployment's records are removed where they were written, and what goes is not watched."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from harness.canary import cleaning, sweeping
from harness.canary.cleaning import Broom
from harness.canary.collecting import Probes
from harness.canary.probing import FACTS
from harness.canary.recognising import Recognised
from harness.drive.spec import Spec
from harness.model import Role
from tests.canary.stories import FORMS, TAG

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
    run: Any = SimpleNamespace(path=tmp_path, journal=tmp_path, tag=TAG)
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
