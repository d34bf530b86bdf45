"""What is planted in the clinic before a release: all of it is stored as it was told."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable

import psycopg
import pytest

from harness import corpus
from tests.clinic.live import ROOT, command, serving

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("e2e")]

LIMIT_S = 180
SHAPE_CHARS = 40


def test_every_kind_of_note_is_planted(make_database: Callable[[], str]) -> None:
    """Every save is acknowledged without a page; each text class stands in some note."""
    database = make_database()
    for arguments in (["migrate"], ["seed"]):
        assert command(database, *arguments).returncode == 0

    with serving(database) as (url, _):
        planted = subprocess.run(
            [
                sys.executable,
                "-m",
                "pytest",
                "canaries/planted",
                "--url",
                url,
                "-p",
                "no:cacheprovider",
            ],
            cwd=ROOT,
            env={**os.environ, "CLINIC_SECRET": "only-for-the-plan"},
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )

    assert planted.returncode == 0, planted.stdout
    told = re.search(r"(\d+) of (\d+) saves were acknowledged", planted.stdout)
    assert told is not None
    assert told[1] == told[2]
    texts = stored_texts(database)
    shapes = {shape(text) for text in texts}
    assert [
        name for name in corpus.classes if shape(corpus.by_name(name).write(7)) not in shapes
    ] == []
    assert set(corpus.LENGTHS) <= {len(text.encode()) for text in texts}
    assert set(corpus.LENGTHS) <= {len(text) for text in texts}
    assert max(len(text) for text in texts) >= corpus.MEBIBYTE_CHARS


def stored_texts(database: str) -> set[str]:
    """Every text of every note."""
    query = "SELECT reason, history, examination, conclusion FROM consultation"
    with psycopg.connect(database) as connection:
        rows = connection.execute(query).fetchall()
    return {text for row in rows for text in row if text is not None}


def shape(text: str) -> str:
    """How a text begins, without what differs from one of its class to the next."""
    return re.sub(r"zq[0-9a-z]{19}|\d", "", text).strip()[:SHAPE_CHARS]
