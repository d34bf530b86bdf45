"""Every line a journal can hold, there and back."""

from __future__ import annotations

import json
from dataclasses import fields

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.journal import events as ev
from harness.model import ABSENT, FileValue, Value

VALUES: dict[str, Value] = {
    "text": "é\ud83d\x00\r\n",
    "null": None,
    "absent": ABSENT,
    "file": FileValue(3, "a" * 64),
    "rows": ("a", None),
    "none": (),
}
LINES: list[ev.Event] = [
    ev.Opened(writer="gate", pid=7, wall_s=1.5),
    ev.StageEntered(stage="deploy"),
    ev.StageLeft(stage="deploy", skipped="no baseline"),
    ev.StageChosen(stage="stale-page", cases_n=8),
    ev.Switched(trial="upgraded/3/1", to="upgraded", served={"baseline": 25, "upgraded": 0}),
    ev.Served(trial="upgraded/3/1", served={"baseline": 25, "upgraded": 12}),
    ev.ReleaseShown(trial="candidate/7/1", save="candidate/7/1/r1/s1", release="1.2.0"),
    ev.Trouble(stage="deploy", sentence="it did not start", verdict="block"),
    ev.TriggerTried(
        tried="1",
        anomaly="lost",
        form="note",
        fields=("title",),
        case="test_x.py::test_y[a=1]",
        conditions={"a": ("1", "2")},
    ),
    ev.TrialBegan(
        trial="candidate/7/1", case="test_a[x]", number=7, role="candidate", attempt=1,
        round="drive", levels={"shares": "2"},
    ),
    ev.TrialEnded(trial="candidate/7/1", outcome="broken", message="no", evidence=("a.zip", "b")),
    ev.RecordOpened(
        trial="candidate/7/1", record="candidate/7/1/r1", form="note", ordinal=1, key=("a", "1"),
        initial=VALUES,
    ),
    ev.RecordOpened(trial="candidate/7/1", record="candidate/7/1/r2", form="note", ordinal=2),
    ev.RecordKeyed(record="candidate/7/1/r2", key=("9",)),
    ev.SaveIntended(
        save="s", record="r", revision=1, operation="save", values=VALUES,
        classes={"text": "plain"},
    ),
    *(ev.FieldTyped(save="s", field=name, value=value) for name, value in VALUES.items()),
    ev.RequestSent(
        trial="t", request=1, method="PUT", path="/x", leaves=(("a.b", "é"), ("c", None)),
        digests=("", "d" * 64),
    ),
    ev.RequestAnswered(trial="t", request=1, status=0),
    ev.SaveAcknowledged(save="s", evidence="Saved", level="transport"),
    ev.SaveRefused(save="s", evidence="Too long"),
    ev.SaveUnknown(save="s", reason="cut", fault="network cut"),
    ev.FaultBegan(fault="network cut", trial="t"),
    ev.FaultEnded(fault="network cut"),
    ev.Happened(trial="t", what="a response was cut"),
    ev.Shown(record="r", reader="colleague", began_s=3.25, values=VALUES, error="404"),
    ev.LoadBegan(target_saves_per_s=12.5, lasts_s=6.0, hold_s=5.0, users=20, processes=1),
    ev.LoadEnded(exit_code=1, generator_busy=0.25, trouble="KeyError: 'id' (3 times)"),
    ev.LoadEnded(exit_code=0),
    ev.Closed(),
]  # fmt: skip


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.kind)
def test_a_line_comes_back_as_it_was(line: ev.Event) -> None:
    """What is written as JSON is read back equal: tuples, keys, NULL, absent and all."""
    data = json.loads(json.dumps(ev.to_json(line)))
    back = ev.from_json(data)

    assert line == back
    assert type(line) is type(back)
    assert "kind" == next(iter(data))


def test_every_kind_has_a_line_here() -> None:
    """No kind of event is left out, and each name stands for its own class."""
    assert {line.kind for line in LINES} == set(ev.KINDS)
    assert all(ev.KINDS[line.kind] is type(line) for line in LINES)


@settings(max_examples=50, deadline=None)
@given(st.text(), st.lists(st.one_of(st.none(), st.text())).map(tuple))
def test_any_text_and_any_list_come_back(text: str, rows: tuple[str | None, ...]) -> None:
    """No text is too strange for the journal."""
    line = ev.SaveIntended(
        save="s", record="r", revision=1, operation="save", values={text: text, "rows": rows},
        classes={},
    )  # fmt: skip

    assert line == ev.from_json(json.loads(json.dumps(ev.to_json(line))))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({}, "unknown kind of event None"),
        ({"kind": "saved", "at_s": 1.0}, "unknown kind of event 'saved'"),
        ({"kind": "closed"}, "at_s is no time: None"),
        ({"kind": "closed", "at_s": "1"}, "at_s is no time: '1'"),
        ({"kind": "closed", "at_s": 1.0, "why": "x"}, r"unknown keys \['why'\]"),
        ({"kind": "stage-entered", "at_s": 1.0}, "stage-entered: .*'stage'"),
        (
            {"kind": "field-typed", "at_s": 1.0, "save": "s", "field": "f", "value": {"x": 1}},
            "not a field value",
        ),
    ],
)
def test_what_is_no_line_is_refused(data: dict[str, object], message: str) -> None:
    """An unknown kind, an unknown or missing key, no time, or no value: said by name."""
    with pytest.raises(ValueError, match=message):
        ev.from_json(data)


def test_every_event_has_its_time() -> None:
    """Times keep their microseconds and no more."""
    line = ev.from_json(ev.to_json(ev.Closed(at_s=12.3456789)))

    assert 12.345679 == line.at_s
    assert all("at_s" in {f.name for f in fields(kind)} for kind in ev.KINDS.values())
