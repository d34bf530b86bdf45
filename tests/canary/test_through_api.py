"""A canary whose only way into storage is the application's API, from its call to its exit code."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from harness.deploy.postgres import postgres_server
from tests.notebook.gating import harness
from tests.notebook.living import NOTEBOOK, TOKEN, living, prepared

pytestmark = [pytest.mark.e2e]

ALONE = "storage main was read through an API, by key alone"


@dataclass(frozen=True)
class Production:
    """A database that only the notebook reaches, and what canaries are told."""

    dsn: str
    files: Path
    runs: Path

    def canary(self, url: str, *words: str, token: str = TOKEN) -> tuple[int, dict[str, Any]]:
        """A command of the canary there: its exit code, and what it says of the one target."""
        env = {**os.environ, "NOTEBOOK_URL": url, "NOTEBOOK_API": url, "NOTEBOOK_TOKEN": token}
        done = harness(
            "canary", *words, "--json", "--plan", NOTEBOOK, "--merge", NOTEBOOK / "api.toml",
            "--runs", self.runs, env=env,
        )  # fmt: skip
        assert token not in done.out + done.err
        (told,) = json.loads(done.out)
        return done.code, told

    def notes_n(self) -> int:
        with psycopg.connect(self.dsn) as connection:
            row = connection.execute("SELECT count(*) FROM note").fetchone()
        assert row is not None
        return int(row[0])


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Production]:
    folder = tmp_path_factory.mktemp("production")
    with postgres_server(folder) as dsn:
        prepared(dsn, folder)
        yield Production(dsn, folder, folder / "runs")


def test_a_field_that_is_lost_blocks_and_a_good_release_passes(production: Production) -> None:
    """Every field is compared as the API answers it, and both say by what it was read."""
    before_n = production.notes_n()
    with living(production.dsn, production.files) as url:
        good, passed = production.canary(url, "once", "--tick", "0")
    with living(production.dsn, production.files, "drops") as url:
        bad, lost = production.canary(url, "once", "--tick", "0")
    (whole,), (wrong,) = passed["told"]["notebook"], lost["told"]["notebook"]

    assert (0, "pass", "good") == (good, passed["result"], whole["release"])
    assert (1, "loss", "drops") == (bad, lost["result"], wrong["release"])
    assert {
        "title",
        "summary",
        "body",
        "lines",
        "effort",
        "due",
        "kind",
        "pinned",
        "attachment",
    } == {*whole["checked"]}
    assert [["summary", "lost", 1]] == wrong["bad"]
    assert ALONE in passed["sentence"]
    assert ALONE in lost["sentence"]
    verdict = json.loads((Path(passed["path"]) / "verdict.json").read_text())
    assert any("other records" in warning for warning in verdict["warnings"])
    assert (0, before_n) == (passed["cleaned"]["residue_n"], production.notes_n())


def test_who_is_sent_to_a_sign_in_has_read_nothing(production: Production) -> None:
    """A token that is no longer good: no loss, no pass, and one note alone, which goes later."""
    before_n = production.notes_n()
    with living(production.dsn, production.files) as url:
        code, told = production.canary(url, "once", "--tick", "0", token="an-old-word")
        again, _ = production.canary(url, "once", "--tick", "1", token="an-old-word")
        left_n = production.notes_n() - before_n
        production.canary(url, "once", "--tick", "0")

    (note,) = told["told"]["notebook"]
    assert (3, "error", "denied") == (code, note["result"], told["unread"])
    assert 3 == again
    assert "a sign-in is before it" in note["sentence"]
    assert (1, before_n) == (left_n, production.notes_n())


def test_what_is_planted_is_compared_through_the_api(production: Production) -> None:
    """Untouched it is whole; a blank more in one field is collateral."""
    with living(production.dsn, production.files) as url:
        planted, _ = production.canary(url, "plant")
        whole, told = production.canary(url, "check")
        with psycopg.connect(production.dsn) as connection:
            connection.execute(
                "UPDATE note SET title = title || ' ' WHERE saved_at = "
                "(SELECT max(saved_at) FROM note)"
            )
        changed, wrong = production.canary(url, "check")

    assert (0, 0, 1) == (planted, whole, changed)
    assert ALONE in told["sentence"]
    assert [["title", "collateral", 1]] == wrong["told"]["notebook"][0]["bad"]
