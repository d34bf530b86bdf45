"""Migrating, seeding, serving and choosing a release."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import threading
import tomllib
from collections.abc import Callable
from pathlib import Path

import httpx
import psutil
import psycopg
import pytest

from tests.clinic.live import ROOT, Caller, command, environment, serving, signed_in

RELEASES = sorted((ROOT / "clinic" / "releases").iterdir())


def tables(url: str) -> set[str]:
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        ).fetchall()
    return {name for (name,) in rows}


def test_migrations_go_forward_and_back(make_database: Callable[[], str]) -> None:
    """A release brings the tables it knows; going back and forward again loses no share."""
    url = make_database()
    assert command(url, "migrate", "--release", "1.0.0").stdout.count("applied") == 2
    assert "share" not in tables(url)
    assert command(url, "migrate").stdout == "applied 0003_sharing\n"
    assert command(url, "migrate").stdout == "nothing to do\n"
    command(url, "seed")
    with psycopg.connect(url) as connection:
        connection.execute(
            "INSERT INTO share (document_id, consultation_id, recipient_kind, recipient_id,"
            " shared_by) SELECT id, consultation_id, 'patient', 1, 1 FROM document"
        )

    assert command(url, "migrate", "--down", "1.0.0").stdout == "undone 0003_sharing\n"

    assert "share" not in tables(url)
    command(url, "migrate")
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT count(*) FROM share").fetchone() == (6,)


def test_two_migrations_at_once(make_database: Callable[[], str]) -> None:
    """Servers that start together migrate once."""
    url = make_database()
    outputs: list[str] = []
    threads = [
        threading.Thread(target=lambda: outputs.append(command(url, "migrate").stdout))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(output.count("applied") for output in outputs) == [0, 0, 3]


def test_seeding_again_changes_nothing(make_database: Callable[[], str]) -> None:
    """The seed may run before every start."""
    url = make_database()
    command(url, "migrate")

    first = command(url, "seed", "--practitioners", "3", "--patients", "10")
    again = command(url, "seed", "--practitioners", "3", "--patients", "10")

    assert first.stdout == "6 practitioners\n10 patients\n6 consultations\n" == again.stdout


def test_synthetic_people_are_added_once(make_database: Callable[[], str]) -> None:
    """A doctor, a colleague and a patient who can sign in, and whose password is told to nobody."""
    url = make_database()
    for arguments in (["migrate"], ["seed"]):
        command(url, *arguments)
    env = environment(url) | {"CLINIC_CANARY_PASSWORD": "a word of the tests"}
    done = [
        subprocess.run(
            [sys.executable, "-m", "clinic", "synthetic"],
            cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=True,
        )
        for _ in range(2)
    ]  # fmt: skip

    assert "canary\ncanary-colleague\ncanary-patient\n" == done[0].stdout == done[1].stdout
    with psycopg.connect(url) as connection:
        found = connection.execute(
            "SELECT login, password FROM practitioner WHERE login LIKE 'canary%' UNION ALL "
            "SELECT login, password FROM patient WHERE login LIKE 'canary%'"
        ).fetchall()
    assert 3 == len(found)
    assert all("a word of the tests" not in password for _, password in found)


def test_a_missing_setting_is_named() -> None:
    """Without its settings a command says which one is missing, and exits 1."""
    done = subprocess.run(
        [sys.executable, "-m", "clinic", "serve"],
        cwd=ROOT, env={"DATABASE_URL": "postgresql://nowhere"}, capture_output=True, text=True,
        timeout=30, check=False,
    )  # fmt: skip

    assert done.returncode == 1
    assert done.stderr.startswith("clinic: CLINIC_SECRET is not set.")


def test_an_unknown_release_is_named(database: str) -> None:
    """A release that does not exist is refused, with those that do."""
    done = command(database, "seed", "--release", "9.9.9")

    assert done.returncode == 1
    assert "no release '9.9.9'. Known releases: 1.0.0, 1.1.0, 1.2.0" in done.stderr


def test_releases_are_listed(database: str) -> None:
    """Every release is listed with its mechanism."""
    listed = command(database, "releases").stdout.splitlines()

    assert [line.split()[0] for line in listed] == [folder.name for folder in RELEASES]


@pytest.mark.parametrize("folder", RELEASES, ids=lambda folder: folder.name)
def test_a_release_says_what_it_is(folder: Path) -> None:
    """A release states its mechanism, and what is expected of a gate."""
    told = tomllib.loads((folder / "release.toml").read_text("utf-8"))

    assert told["mechanism"].endswith(".")
    assert re.fullmatch(r"\d{4}", told["migrations"])
    wanted = {
        "block": {"anomaly", "fields", "trigger", "layer"},
        "pass": set(),
        "inconclusive": set(),
    }
    assert wanted[told["expect"]] <= told.keys()


@pytest.mark.parametrize("folder", RELEASES, ids=lambda folder: folder.name)
def test_a_release_borrows_whole_files(folder: Path) -> None:
    """A link leads to a file of another release, and no browser is served one: it gets none."""
    links = [path for path in folder.rglob("*") if path.is_symlink()]

    assert all(link.resolve().is_relative_to(folder.parent) for link in links)
    assert all(link.resolve().is_file() for link in links)
    assert all(link.relative_to(folder).parts[0] != "static" for link in links)


def test_health_without_a_database() -> None:
    """A server without its database starts, and says 503."""
    with serving("postgresql://nobody@127.0.0.1:1/nothing") as (url, _):
        answer = httpx.get(f"{url}/healthz")

    assert answer.status_code == 503
    assert answer.json()["release"] == "1.1.0"


def test_a_release_is_named_and_whole(database: str, clinic: str) -> None:
    """Health, headers and static addresses name the release; another one's files are absent."""
    answer = httpx.get(f"{clinic}/healthz")

    assert answer.json() == {"status": "ok", "release": "1.1.0"}
    assert answer.headers["x-release"] == "1.1.0"
    assert httpx.get(f"{clinic}/static/1.1.0/share.js").status_code == 200
    assert httpx.get(f"{clinic}/static/1.2.0/share.js").status_code == 404


def test_before_sharing(make_database: Callable[[], str]) -> None:
    """The release before sharing saves notes and knows no share, without the share table."""
    url = make_database()
    for arguments in (["migrate"], ["seed"]):
        assert command(url, *arguments, "--release", "1.0.0").returncode == 0

    with serving(url, "1.0.0") as (address, _), signed_in(address, "dr1") as doctor:
        number = doctor.open()
        document = doctor.prescribe(number)
        assert doctor.save(number, reason="early").status_code == 200
        assert doctor.share(document, "patient").status_code == 404
        assert doctor.http.get("/shared").status_code == 404
        page = doctor.http.get(f"/consultations/{number}").text

    assert "early" in page
    assert "Share a document" not in page


def test_a_server_finishes_what_it_began(database: str, stored: psycopg.Connection) -> None:
    """A save under way when the server is asked to stop is answered and stored."""
    answers: list[httpx.Response] = []
    with serving(database) as (url, process), signed_in(url, "dr1") as doctor:
        number = doctor.open()
        thread = threading.Thread(
            target=lambda: answers.append(doctor.save(number, reason="drained"))
        )
        with stored.transaction():
            stored.execute("SELECT 1 FROM consultation WHERE id = %s FOR UPDATE", [number])
            thread.start()
            await_blocked(stored)
            process.send_signal(signal.SIGTERM)
        thread.join()

        assert process.wait(30) == 0
    assert [answer.status_code for answer in answers] == [200]
    reason = stored.execute("SELECT reason FROM consultation WHERE id = %s", [number]).fetchone()
    assert reason == ("drained",)


def await_blocked(stored: psycopg.Connection) -> None:
    """Wait, within a second or so, until somebody waits for a lock."""
    for _ in range(200):
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        if stored.execute(f"{waiting} AND pg_sleep(0.005) IS NOT NULL".encode()).fetchone() != (0,):
            return


def test_the_addresses_are_documented(doctor: Caller) -> None:
    """Every address of the clinic stands in its README."""
    from clinic.routes import ROUTES

    readme = (ROOT / "clinic" / "README.md").read_text("utf-8")
    paths = {route.path.replace(":int", "") for route in ROUTES}
    missing = {path for path in paths if path != "/" and path not in readme}

    assert missing <= {"/patients/{id}/consultations", "/sign-out", "/portal/sign-out"}


LONELY = """
import sys
from tests.clinic.live import serving
with serving(sys.argv[1]) as (url, process):
    print(f"pid {process.pid}", flush=True)
    sys.stdin.read()
"""


def test_a_killed_session_leaves_no_server(database: str) -> None:
    """A server ends with the tests that started it, however those end."""
    session = subprocess.Popen(
        [sys.executable, "-c", LONELY, database],
        cwd=ROOT,
        env=environment(database),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert session.stdout is not None
    told = next(line for line in session.stdout if line.startswith("pid "))
    server = psutil.Process(int(told.split()[1]))
    family = [server, *server.children(recursive=True)]

    session.kill()
    session.communicate(timeout=30)

    _, alive = psutil.wait_procs(family, timeout=30)
    assert alive == []
