"""Two releases on one database: side by side, one after the other, killed and back again."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx
import psycopg
import psycopg.sql
import pytest

from tests.clinic.live import ROOT, Caller, command, serving, signed_in, started

TEXTS = {"reason": "R", "history": "H", "examination": "E", "conclusion": "C"}
STORED_S_MAX = 10.0


@pytest.fixture(scope="module")
def origin(make_database: Callable[[], str]) -> str:
    """A database of the release before, which each test copies."""
    url = make_database()
    for arguments in (["migrate"], ["seed"]):
        assert command(url, *arguments).returncode == 0
    return url


@pytest.fixture
def database(server: str, origin: str, make_database: Callable[[], str]) -> str:
    """A copy of that database."""
    url, source = make_database(), urlsplit(origin).path[1:]
    name = urlsplit(url).path[1:]
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name}".encode())
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {source}".encode())
    return url


@dataclass
class Running:
    """A release that runs, and a doctor of it."""

    caller: Caller
    process: subprocess.Popen[bytes]


@contextmanager
def running(database: str, release: str) -> Iterator[Running]:
    """The release on that database, which it migrates first, where it has what to migrate."""
    if (ROOT / "clinic" / "releases" / release / "migrations").is_dir():
        assert command(database, "migrate", "--release", release).returncode == 0
    with (
        serving(database, release) as (url, process),
        signed_in(url, "dr1") as caller,
    ):
        yield Running(caller, process)


@contextmanager
def both(database: str, newer: str, older: str = "1.1.0") -> Iterator[tuple[Caller, Caller]]:
    """One doctor at both releases, in one session: the older one's, then the newer one's."""
    with ExitStack() as stack:
        old = stack.enter_context(running(database, older)).caller
        new = stack.enter_context(running(database, newer)).caller
        new.http.cookies = old.http.cookies
        new.http.headers["X-CSRF-Token"] = old.http.headers["X-CSRF-Token"]
        yield old, new


def texts(caller: Caller, number: int) -> dict[str, str | None]:
    """The four texts as the API shows them."""
    held = caller.read(number)
    return {name: held[name] for name in TEXTS}


def written(caller: Caller, **values: str) -> int:
    """A new consultation with these texts."""
    number = caller.open()
    assert caller.save(number, **values).status_code == 200
    return number


def stored(database: str, query: str) -> list[tuple[object, ...]]:
    """What a query returns."""
    with psycopg.connect(database) as connection:
        return connection.execute(query.encode()).fetchall()


def columns(database: str, number: int, *names: str) -> list[tuple[object, ...]]:
    """These columns of a consultation."""
    query = psycopg.sql.SQL("SELECT {} FROM consultation WHERE id = %s").format(
        psycopg.sql.SQL(", ").join(map(psycopg.sql.Identifier, names))
    )
    with psycopg.connect(database) as connection:
        return connection.execute(query, [number]).fetchall()


def awaited(read: Callable[[], list[tuple[object, ...]]], wanted: list[tuple[object, ...]]) -> None:
    """Wait until that is what is read."""
    end = time.monotonic() + STORED_S_MAX
    while read() != wanted:
        assert time.monotonic() < end, read()
        time.sleep(0.05)


# --- the clean releases -----------------------------------------------------------------------


def test_a_session_is_known_to_both_releases(database: str) -> None:
    """Who signed in at one release works at another, with the same token, on the same notes."""
    with both(database, "1.1.0", "1.0.0") as (old, new):
        number = written(old, **TEXTS)
        edited = new.save(number, 2, history="H2", editor="page", sequence=1)
        again = old.save(number, 2, conclusion="C2", editor="page", sequence=2)

        assert (edited.status_code, again.status_code) == (200, 200)
        assert texts(new, number) == texts(old, number)
        assert texts(new, number) == {**TEXTS, "history": "H2", "conclusion": "C2"}
        assert old.save(number, 3, reason="late", editor="other", sequence=1).status_code == 409


def test_sharing_at_a_release_without_it_is_refused(database: str) -> None:
    """A page that can share and meets the release before is told; nothing else is touched."""
    with both(database, "1.1.0", "1.0.0") as (old, new):
        number = written(old, **TEXTS)
        document = new.prescribe(number)
        shared = new.share(document, "patient").json()["shares"]
        undo = f"/api/shares/{shared[0]['id']}"
        answers = [old.share(document, "patient"), old.http.delete(undo)]

        assert [(a.status_code, a.json()["error"]) for a in answers] == [(404, "not_found")] * 2
        assert texts(new, number) == TEXTS
        assert new.http.get(f"/api/consultations/{number}/shares").json()["shares"] == shared


# --- a column of another name -----------------------------------------------------------------


def test_a_rename_without_dual_write(database: str) -> None:
    """What a process of the release before writes is not in the new column."""
    with both(database, "rename-without-dual-write") as (old, new):
        number = written(old, **TEXTS)

        assert texts(new, number) == {**TEXTS, "history": None}


def test_a_rename_with_dual_write(database: str) -> None:
    """Both columns hold what either release writes, and the way back loses none of it."""
    release = "rename-with-dual-write-and-backfill"
    with both(database, release) as (old, new):
        by_old, by_new = written(old, **TEXTS), written(new, **TEXTS)
        new.save(by_old, 2, history="newer")
        old.save(by_new, 2, history="older")
        assert texts(old, by_old) == texts(new, by_old) == {**TEXTS, "history": "newer"}
        assert texts(old, by_new) == texts(new, by_new) == {**TEXTS, "history": "older"}
        new.save(by_new, 3, history="last")
    command(database, "migrate", "--release", release, "--down", "1.1.0")

    held = "SELECT history FROM consultation WHERE version > 2 ORDER BY id"
    assert stored(database, held) == [("newer",), ("last",)]


def test_a_way_back_that_drops_a_column(database: str) -> None:
    """What was written into the new column is gone with it."""
    release = "down-migration-drops-column"
    with running(database, release) as new:
        number = written(new.caller, **TEXTS)
        assert texts(new.caller, number) == TEXTS
    command(database, "migrate", "--release", release, "--down", "1.1.0")

    assert columns(database, number, "history", "examination") == [("H", None)]


# --- another format -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("release", "shown"),
    [("rollback-reads-new-format-as-blank", None), ("new-format-with-fallback", "E")],
)
def test_a_new_format_on_the_way_back(database: str, release: str, shown: str | None) -> None:
    """The release before shows a text in a new format as blank, unless it is there in the old."""
    with running(database, "1.1.0") as old:
        earlier = written(old.caller, **TEXTS)
    with running(database, release) as new:
        assert texts(new.caller, earlier) == TEXTS
        number = written(new.caller, **TEXTS)
        assert texts(new.caller, number) == TEXTS
    assert command(database, "migrate", "--release", release, "--down", "1.1.0").returncode == 0
    with running(database, "1.1.0") as old:
        assert texts(old.caller, number) == {**TEXTS, "examination": shown}


def test_a_format_that_the_release_before_writes_past(database: str) -> None:
    """A process of the release before writes the old format alone, and its text is shown."""
    with both(database, "new-format-with-fallback") as (old, new):
        number = written(new, **TEXTS)
        old.save(number, 2, examination="later")

        assert texts(new, number) == {**TEXTS, "examination": "later"}


# --- a key of another name ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("release", "kept"), [("old-bundle-old-field-name", None), ("old-bundle-both-names", "C")]
)
def test_a_page_with_the_old_key(database: str, release: str, kept: str | None) -> None:
    """The key of an old page is dropped without a word, or known as well."""
    with running(database, release) as new:
        by_old_page = written(new.caller, **TEXTS)
        number = new.caller.open()
        new.caller.save(number, reason="R", assessment="A")

        assert texts(new.caller, by_old_page) == {**TEXTS, "conclusion": kept}
        assert new.caller.read(number)["conclusion"] == "A"


def test_a_page_with_a_key_that_is_not_known_yet(database: str) -> None:
    """A process that ignores what it does not know drops it; the clean one refuses it."""
    with both(database, "old-pod-drops-unknown-json", "unknown-keys-ignored") as (old, new):
        number = old.open()

        assert old.save(number, reason="R", assessment="A").status_code == 200
        assert texts(new, number)["conclusion"] is None
    with running(database, "1.1.0") as clean:
        refused = clean.caller.save(number, 2, assessment="A")
        assert (refused.status_code, refused.json()["field"]) == (422, "assessment")


# --- what a process holds when it ends --------------------------------------------------------


@pytest.mark.parametrize(
    ("release", "number", "kept"),
    [
        ("write-behind", signal.SIGTERM, True),
        ("write-behind", signal.SIGKILL, False),
        ("sigterm-without-drain", signal.SIGTERM, False),
        ("answered-after-group-commit", signal.SIGTERM, True),
        ("answered-after-group-commit", signal.SIGKILL, True),
        ("1.1.0", signal.SIGKILL, True),
    ],
)
def test_a_process_ends_after_a_save(
    database: str, release: str, number: signal.Signals, kept: bool
) -> None:
    """What was acknowledged is stored, or lost with the process that kept it in memory."""
    with running(database, release) as new:
        # Once a buffer has been written, it will not be for a second.
        first = written(new.caller, **TEXTS)
        awaited(lambda: columns(database, first, "reason", "conclusion"), [("R", "C")])
        consultation = written(new.caller, **TEXTS)
        os.killpg(new.process.pid, number)
        new.process.wait(30)

    assert columns(database, consultation, "reason", "conclusion") == [
        ("R", "C") if kept else (None, None)
    ]


@pytest.mark.parametrize("release", ["write-behind", "sigterm-without-drain"])
def test_a_buffer_is_written_while_nobody_ends_it(database: str, release: str) -> None:
    """Left alone, a buffer is written a second later, each text over the one before."""
    with running(database, release) as new:
        number = written(new.caller, **TEXTS)
        new.caller.save(number, 2, history="H2")

        awaited(lambda: columns(database, number, "reason", "history"), [("R", "H2")])


@pytest.mark.parametrize(
    ("release", "kept"), [("ack-before-processing", False), ("processed-then-acknowledged", True)]
)
def test_a_worker_is_killed_in_the_middle(database: str, release: str, kept: bool) -> None:
    """A queue that is emptied before its work is done loses what the killed worker had taken."""
    with running(database, release) as new:
        number = written(new.caller, **TEXTS)
        with started(database, "worker", "--release", release) as worker:
            awaited(lambda: columns(database, number, "reason", "conclusion"), [("R", "C")])
            new.caller.save(number, 2, reason="R2")
            if not kept:
                awaited(lambda: stored(database, "SELECT count(*) FROM waiting"), [(0,)])
            worker.kill()
            worker.wait(30)
        with started(database, "worker", "--release", release):
            new.caller.save(number, 3, conclusion="C2")
            awaited(
                lambda: columns(database, number, "reason", "conclusion"),
                [("R2" if kept else "R", "C2")],
            )


@pytest.mark.parametrize(
    ("release", "last"), [("partition-key-changed", "older"), ("saves-in-partitions", "newer")]
)
def test_a_queue_whose_order_is_by_partition(database: str, release: str, last: str) -> None:
    """Two saves of a note in two partitions are written in the order of the partitions."""
    with both(database, release, "saves-in-partitions") as (old, new):
        # By its author, who has the number 1, a note is in the second partition.
        number = next(n for n in iter(old.open, None) if n % 64 > 1)
        old.save(number, 1, history="older")
        new.save(number, 2, history="newer")
        with started(database, "worker", "--release", release):
            awaited(lambda: columns(database, number, "history"), [(last,)])


# --- messages -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("release", "announced"), [("commit-then-publish-no-outbox", 0), ("1.1.0", 1)]
)
def test_a_process_is_killed_after_a_share(database: str, release: str, announced: int) -> None:
    """A message that is written after the share is never written by a process that is killed."""
    with running(database, release) as new:
        shared = new.caller.share(new.caller.prescribe(new.caller.open()), "patient")
        assert len(shared.json()["shares"]) == 1
        os.killpg(new.process.pid, signal.SIGKILL)
        new.process.wait(30)

    assert stored(database, "SELECT count(*) FROM share") == [(1,)]
    assert stored(database, "SELECT count(*) FROM outbox") == [(announced,)]


def test_a_message_after_the_commit(database: str) -> None:
    """Left alone, the process announces each share once, a moment later."""
    with running(database, "commit-then-publish-no-outbox") as new:
        document = new.caller.prescribe(new.caller.open())
        for _ in range(2):
            new.caller.share(document, "patient")
        awaited(lambda: stored(database, "SELECT count(*) FROM outbox"), [(1,)])


def test_a_message_that_is_parked(database: str) -> None:
    """A message that is no XML is parked for ever; those around it are delivered."""
    release = "poison-message-parked"
    with running(database, release) as new, started(database, "worker", "--release", release):
        number = new.caller.open()
        for title in ("plain", "TA <140/90", "œdème"):
            new.caller.share(new.caller.prescribe(number, title), "patient")

        awaited(lambda: stored(database, "SELECT count(*) FROM inbox"), [(2,)])
    parked = stored(database, "SELECT message FROM outbox WHERE parked IS NOT NULL")
    assert [str(message).endswith("TA <140/90") for (message,) in parked] == [True]


# --- what stood there before ------------------------------------------------------------------


def test_a_migration_that_cuts(database: str) -> None:
    """Texts beyond the new limit are cut where they stand, and refused where they are new."""
    with running(database, "1.1.0") as old:
        number = written(old.caller, history="é" * 20_000)
    with running(database, "migration-cuts-old-notes") as new:
        assert new.caller.read(number)["history"] == "é" * 10_000
        refused = new.caller.save(number, 2, history="é" * 20_000)
        assert (refused.status_code, refused.json()["field"]) == (422, "history")


def test_a_migration_without_backfill(database: str) -> None:
    """Notes of before are shown to their author alone; those of now to the practice."""
    with running(database, "1.1.0") as old:
        earlier = written(old.caller, **TEXTS)
    with (
        running(database, "no-backfill-hides-old-notes") as new,
        signed_in(str(new.caller.http.base_url), "dr2") as colleague,
    ):
        number = written(new.caller, **TEXTS)

        def seen(who: Caller, note: int) -> int:
            answer: httpx.Response = who.http.get(f"/consultations/{note}")
            return answer.status_code

        assert [seen(new.caller, earlier), seen(new.caller, number)] == [200, 200]
        assert [seen(colleague, earlier), seen(colleague, number)] == [404, 200]
