"""The clinic in production, and the canary that lives beside it."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql

from harness.canary.asked import Asked, read_plan
from harness.canary.cleaning import Broom, Cleaned
from harness.canary.keeping import identity
from harness.canary.metrics import Result, Unread
from harness.canary.once import once
from harness.canary.planting import check, plant
from harness.canary.probing import Probe
from harness.canary.sweeping import sweep_all
from harness.canary.targets import targets_of
from harness.canary.telling import exit_code, result_of
from harness.model import Anomaly
from tests.clinic.live import ROOT, command, environment, free_port, serving, started

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("e2e")]

PASSWORD = "a password of the tests"
FIELDS = ("reason", "history", "examination", "conclusion")
SEEN_S_MAX = 90.0
TABLES = ("consultation", "document", "share", "inbox")


@dataclass(frozen=True)
class Production:
    """A database with synthetic people, as its owner and as a user who may only read."""

    owner: str
    reader: str
    env: Mapping[str, str]

    def rows(self) -> dict[str, int]:
        """How many rows each table has that probes write to."""
        count = sql.SQL("SELECT count(*) FROM {}")
        with psycopg.connect(self.owner) as connection:
            found = [connection.execute(count.format(sql.Identifier(n))).fetchone() for n in TABLES]
        return {name: row[0] for name, row in zip(TABLES, found, strict=True) if row}

    def execute(self, statement: str, *values: object) -> None:
        with psycopg.connect(self.owner, autocommit=True) as connection:
            connection.execute(statement.encode(), list(values))

    def at(self, url: str, **changes: str) -> Mapping[str, str]:
        """What a canary of that address finds in its environment."""
        told = {"CLINIC_URL": url, "CLINIC_READ_DSN": self.reader, **self.env}
        return {**os.environ, "CLINIC_SECRET": "of the gate", **told, **changes}


@pytest.fixture(scope="module")
def production(make_database: Callable[[], str]) -> Production:
    owner = make_database()
    for arguments in (["migrate"], ["seed"]):
        assert command(owner, *arguments).returncode == 0
    env = {"CLINIC_CANARY_PASSWORD": PASSWORD}
    subprocess.run(
        [sys.executable, "-m", "clinic", "synthetic"],
        cwd=ROOT, env={**environment(owner), **env}, check=True, timeout=60,
    )  # fmt: skip
    name = urlsplit(owner).path.removeprefix("/")
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE looker_{name} LOGIN PASSWORD 'look'".encode())
        connection.execute(f"GRANT pg_read_all_data TO looker_{name}".encode())
    parts = urlsplit(owner)
    reader = parts._replace(netloc=f"looker_{name}:look@{parts.hostname}:{parts.port}").geturl()
    return Production(owner, reader, env)


@contextmanager
def living(production: Production, release: str = "1.1.0") -> Iterator[str]:
    """A release with its worker; gives its address."""
    with (
        serving(production.owner, release) as (url, _),
        started(production.owner, "worker", "--release", release),
    ):
        yield url


def asked(runs: Path, **more: object) -> Asked:
    merge = ROOT / "canaries" / "production.toml"
    return Asked(ROOT / "harness.toml", runs, merge, **more)  # type: ignore[arg-type]


def probed(production: Production, url: str, runs: Path, **changes: str) -> Probe:
    (probe,) = once(asked(runs), production.at(url, **changes))
    return probe


def by_form(probe: Probe) -> dict[str, Result]:
    return {one.form: one.result for told in probe.told.values() for one in told}


def test_a_clean_release_passes_and_nothing_is_left(production: Production, tmp_path: Path) -> None:
    """Note, document, share and message are found whole, and are gone afterwards."""
    before = production.rows()
    with living(production) as url:
        probe = probed(production, url, tmp_path)

    assert dict.fromkeys(("consultation", "document", "share", "message"), Result.PASS) == by_form(
        probe
    )
    assert 0 == exit_code([probe])
    assert {"clinic": "1.1.0"} == probe.releases
    assert 6 <= probe.cleaned.written_n == probe.cleaned.cleaned_n
    assert (0, ()) == (probe.cleaned.residue_n, probe.cleaned.left)
    assert before == production.rows()
    assert (probe.path / "report.html").exists()


def test_the_release_of_the_incident_is_caught(production: Production, tmp_path: Path) -> None:
    """All four texts, the release that answered, and a note that is cleaned though it is empty."""
    before = production.rows()
    with living(production, "1.2.0") as url:
        probe = probed(production, url, tmp_path)

    assert Result.LOSS is by_form(probe)["consultation"]
    assert Result.PASS is by_form(probe)["share"]
    (lost,) = [one for one in probe.told["clinic"] if one.result is Result.LOSS]
    assert {(name, Anomaly.LOST) for name in FIELDS} == set(lost.bad)
    assert ("1.2.0", 1) == (lost.release, exit_code([probe]))
    assert 0 == probe.cleaned.residue_n
    assert before == production.rows()


def test_who_cannot_sign_in_has_measured_nothing(production: Production, tmp_path: Path) -> None:
    """A wrong password is an error of every form, and says which answer it got."""
    with living(production) as url:
        probe = probed(production, url, tmp_path, CLINIC_CANARY_PASSWORD="wrong")

    assert {Result.ERROR} == set(by_form(probe).values())
    assert "401" in probe.sentence
    assert 3 == exit_code([probe])


def test_storage_that_refuses_is_no_loss(production: Production, tmp_path: Path) -> None:
    """What nobody could look up is not even written."""
    before = production.rows()
    refused = production.reader.replace(":look@", ":wrong@")
    with living(production) as url:
        probe = probed(production, url, tmp_path, CLINIC_READ_DSN=refused)

    assert ({Result.ERROR}, Unread.DENIED) == (set(by_form(probe).values()), probe.unread)
    assert before == production.rows()
    assert "wrong" not in json.dumps(probe.sentence)


def test_an_address_without_an_answer_is_told(production: Production, tmp_path: Path) -> None:
    """Every form says so, and nothing else is tried."""
    probe = probed(production, f"http://127.0.0.1:{free_port()}", tmp_path)

    assert {Result.ERROR} == set(by_form(probe).values())
    assert "refused" in probe.sentence


def test_two_canaries_are_never_one_person(production: Production, tmp_path: Path) -> None:
    """While another probes there as the same, nothing is written and the probe is skipped."""
    url = "http://127.0.0.1:1"
    env = production.at(url)
    plan = read_plan(asked(tmp_path), env)
    (target,) = targets_of(plan)
    with identity(plan, target, "probe"):
        (probe,) = once(asked(tmp_path), env)

    assert Result.SKIPPED is result_of(probe)
    assert "another canary probes at" in probe.sentence


def test_a_record_of_production_with_a_key_of_ours_is_left_alone(
    production: Production, tmp_path: Path
) -> None:
    """Storage was restored and gives our key to a patient's note: cleaning does not touch it."""
    with living(production) as url:
        probe = probed(production, url, tmp_path)
        journal = (probe.path / "journal").glob("scenarios-*.jsonl")
        opened = [json.loads(line) for path in journal for line in path.read_text().splitlines()]
        key = next(
            e["key"][0]
            for e in opened
            if (e["kind"], e.get("form")) == ("record-opened", "consultation")
        )
        production.execute(
            "INSERT INTO consultation (id, patient_id, practitioner_id, reason) "
            "OVERRIDING SYSTEM VALUE SELECT %s, 9, id, 'a note of somebody' FROM practitioner "
            "WHERE login = 'canary'",
            int(key),
        )
        swept = sweep_all(
            read_plan(asked(tmp_path), production.at(url)), asked(tmp_path), everything=True
        )
    with psycopg.connect(production.owner) as connection:
        held = connection.execute("SELECT reason FROM consultation WHERE id = %s", [key]).fetchone()
    production.execute("DELETE FROM consultation WHERE id = %s", int(key))

    (cleaned,) = swept.values()
    assert ("a note of somebody",) == held
    assert (0, 1) == (cleaned.cleaned_n, cleaned.residue_n)
    assert "is left alone" in cleaned.left[0]


def test_what_a_killed_probe_left_is_removed_by_the_next(
    production: Production, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A probe that ends before it could clean up leaves its journal, which is enough."""
    before = production.rows()

    def killed(_: Broom) -> Cleaned:
        raise SystemExit

    with living(production) as url:
        with monkeypatch.context() as patched:
            patched.setattr(Broom, "sweep", killed)
            with pytest.raises(SystemExit):
                probed(production, url, tmp_path)
        left = production.rows()
        probe = probed(production, url, tmp_path)

    assert left["consultation"] > before["consultation"]
    assert Result.PASS is result_of(probe)
    assert before == production.rows()


def test_what_is_planted_is_watched(production: Production, tmp_path: Path) -> None:
    """Untouched it is whole; one blank more is collateral; and it can be removed again."""
    before = production.rows()
    with living(production) as url:
        env = production.at(url)
        (planted,) = plant(asked(tmp_path), env)
        (whole,) = check(asked(tmp_path), env)
        production.execute(
            "UPDATE consultation SET conclusion = conclusion || ' ' WHERE id = "
            "(SELECT max(id) FROM consultation WHERE conclusion <> '')"
        )
        (changed,) = check(asked(tmp_path), env)
        below = asked(tmp_path / "planted")
        (cleaned,) = sweep_all(read_plan(below, env), below).values()
        (nothing,) = check(asked(tmp_path), env)

    assert [Result.PASS, Result.PASS] == [result_of(planted), result_of(whole)]
    (lost,) = [one for one in changed.told["clinic"] if one.result is Result.LOSS]
    assert {("conclusion", Anomaly.COLLATERAL): 1} == lost.bad
    assert (1, 3) == (exit_code([changed]), exit_code([nothing]))
    assert 0 == cleaned.residue_n, cleaned.left
    assert before == production.rows()


def scraped(port: int) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/metrics")
        return connection.getresponse().read().decode()
    except OSError:
        return ""
    finally:
        connection.close()


def awaited(port: int, wanted: Callable[[list[str]], bool], limit_s: float) -> float:
    """How long until the lines of the metrics are as wanted, in seconds."""
    began_s = time.monotonic()
    while time.monotonic() - began_s < limit_s:
        if wanted(scraped(port).splitlines()):
            return time.monotonic() - began_s
        time.sleep(0.5)
    raise AssertionError(f"not within {limit_s:g} s:\n{scraped(port)[-3000:]}")


@pytest.mark.slow
def test_a_bad_deploy_is_seen_within_90_seconds(production: Production, tmp_path: Path) -> None:
    """1.2.0 takes over from 1.1.0 under a canary that runs; the way back ends what is said."""
    port, canary_port = free_port(), free_port()
    url = f"http://127.0.0.1:{port}"
    serve = ("serve", "--port", str(port), "--release")

    def is_lost(lines: list[str]) -> bool:
        return sum("last_probe_fields_bad{" in one and one.endswith(" 1.0") for one in lines) == 4

    def passes(lines: list[str]) -> bool:
        return any('result="pass"' in one and not one.endswith(" 0.0") for one in lines)

    with ExitStack() as stack:
        stack.enter_context(started(production.owner, "worker"))
        with started(production.owner, *serve, "1.1.0"):
            canary = subprocess.Popen(
                [
                    sys.executable, "-m", "harness", "canary", "run", "--runs", str(tmp_path),
                    "--merge", "canaries/production.toml", "--listen", f"127.0.0.1:{canary_port}",
                ],
                cwd=ROOT, env=dict(production.at(url)),
            )  # fmt: skip
            stack.callback(canary.wait, 60)
            stack.callback(canary.send_signal, signal.SIGINT)
            awaited(canary_port, passes, SEEN_S_MAX)
        with started(production.owner, *serve, "1.2.0"):
            seen_s = awaited(canary_port, is_lost, SEEN_S_MAX)
        with started(production.owner, *serve, "1.1.0"):
            awaited(canary_port, lambda lines: not is_lost(lines), 2 * SEEN_S_MAX)

    assert seen_s < SEEN_S_MAX
    assert 130 == canary.returncode
