"""A loss as a script: it is Python, it holds what was done, and no value of it is code."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.exhibits import Exhibit, Journey, Station
from harness.model import Anomaly, Field, Finding, Form, Layer, Severity, Trigger
from harness.report.reproduction import read_steps, script, sql

FORM = Form("note", "main", ("id",), (Field("title", "the title"),), table="app.note")
HOSTILE = "\"\"\"\n'''\nimport os; os._exit(9) #\u2028\x00\\"


def exhibit(due: str = "x", found: str | None = None, **how: Any) -> Exhibit:
    """A title that was lost."""
    finding = Finding(
        "storage",
        Anomaly.LOST,
        "note",
        ("title",),
        1,
        1,
        Severity.BLOCK,
        Layer.SERVER,
        Trigger("when it rains"),
    )
    stations = (Station("typed", due), Station("sent"), Station("stored", found))
    told = {"sentence": "note: title lost", "case": "test_x.py::test_note", **how}
    journeys = (Journey("note", "title", stations),)
    return Exhibit(finding, record="candidate/0/2/r1", journeys=journeys, **told)


def recorded(*steps: dict[str, Any]) -> dict[str, Any]:
    """What a trial kept of its steps; its record's key was answered."""
    key = [{"$answer": ["0", "id"]}]
    return {"steps": list(steps), "records": {"candidate/0/2/r1": {"form": "note", "key": key}}}


def act(method: str, **params: Any) -> dict[str, Any]:
    """Something that was done to the page."""
    return {"do": "act", "context": 0, "page": 0, "method": method, "params": params}


DATA = "data={'login': 'a', 'password': secret('password')}"
CALL = {
    "do": "call",
    "call": "0",
    "jar": 5,
    "context": None,
    "method": "post",
    "url": ["/", "notes"],
    "how": {"data": {"login": "a", "password": {"$secret": "password"}}},
}


def test_what_was_done_stands_there_in_order() -> None:
    """Preparations, contexts, pages and acts are calls of Playwright's, with answers in them."""
    text = script(
        [exhibit()],
        recorded(
            CALL,
            {"do": "context", "context": 0, "state": 5, "options": {"locale": "fr"}},
            {"do": "page", "context": 0},
            act("goto", url=["/", "notes", "/", {"$answer": ["0", "id"]}]),
            act("fill", selector='internal:label="Title"s', value="x"),
            act("selectOption", selector="#kind", options=[{"valueOrLabel": "letter"}]),
            act("press", selector="#title", key="Enter"),
            act("said", selector="internal:role=status"),
        ),
        {"note": FORM},
    )
    ast.parse(text)
    told = [line.strip() for line in text.splitlines()]
    wanted = [
        "requests[0] = playwright.request.new_context(base_url=url)",
        f"answers['0'] = answered(requests[0].post('/notes', {DATA}))",
        "contexts[0] = opened(browser, url, {'locale': 'fr'}, state=requests[0].storage_state())",
        "pages[0].append(contexts[0].new_page())",
        "page(pages, 0, 0).goto(joined('/notes/', picked(answers, '0', 'id')))",
        "page(pages, 0, 0).locator('internal:label=\"Title\"s').fill('x')",
        "page(pages, 0, 0).locator('#kind').select_option(['letter'])",
        "page(pages, 0, 0).locator('#title').press('Enter')",
        "said(page(pages, 0, 0).locator('internal:role=status'))",
    ]
    places = [told.index(line) for line in wanted]
    assert places == sorted(places)
    assert "picked(answers, '0', 'id')], ['title'])" in text


def test_it_says_what_is_due_and_found() -> None:
    """The header says what was lost, in which case, what was due of it and what was found."""
    text = script([exhibit("kept text", None)], recorded(), {"note": FORM})

    assert text.startswith("# note: title lost\n# title: due 'kept text'\n# title: found None\n")
    assert "# seen in test_x.py::test_note" in text
    assert "DUE = {'title': 'kept text'}" in text


@settings(deadline=None)
@given(st.text(max_size=60) | st.sampled_from([HOSTILE, "#STEPS##DUE##HEADER#"]))
def test_no_value_becomes_code(value: str) -> None:
    """Whatever was typed, found or named, the script has the same statements and plain letters."""
    plain = script([exhibit("x", "y")], recorded(act("fill", selector="#a", value="x")), {})
    text = script(
        [exhibit(value, value, sentence=value, case=value)],
        recorded(act("fill", selector=value, value=value)),
        {},
    )

    assert text.isascii()
    assert shape(text) == shape(plain)
    assert [n.value for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Constant)].count(
        value
    ) >= 3


def shape(text: str) -> list[str]:
    """The script's syntax without its constants."""
    return re.sub(r"Constant\(.*?\)(?=[,)\]])", "C", ast.dump(ast.parse(text))).split("C")[:1] + [
        type(node).__name__ for node in ast.walk(ast.parse(text))
    ]


def test_what_no_step_holds_is_left_out_and_said() -> None:
    """A text that was typed in a way no trace shows is named, so that nobody takes it for lost."""
    typed = recorded(act("fill", selector="#a", value="a whole\ntext"))

    assert "LEFT_OUT = ['title']" in script([exhibit("a text")], recorded(), {})
    assert "LEFT_OUT = []" in script([exhibit("a whole text")], typed, {})


def test_the_query_asks_for_one_record() -> None:
    """A table and a query are asked alike, with names quoted and the key passed beside."""
    assert sql(FORM, {"title": "the title"}) == (
        'SELECT "the title" FROM "app"."note" WHERE "id"::text = %s'
    )


@pytest.mark.parametrize("text", ["[]", "{}", "nothing"])
def test_what_holds_no_steps_is_said(text: str) -> None:
    """A file that is none of ours is refused."""
    with pytest.raises(ValueError, match=r".+"):
        read_steps(text)


def test_it_runs_by_itself(tmp_path: Path) -> None:
    """The script needs nothing of the product: it starts and says how it is called."""
    path = tmp_path / "evidence" / "one" / "reproduce.py"
    path.parent.mkdir(parents=True)
    path.write_text(script([exhibit()], recorded(), {}), encoding="ascii")
    done = subprocess.run(
        [sys.executable, "-I", str(path), "--help"], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert "--url" in done.stdout
