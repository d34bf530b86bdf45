"""What a probe may have written, as its journal tells it: for tests of what judges it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from harness.journal import events as ev
from harness.model import Field, Form, Key, Value
from harness.values import Trace, mark, token, trial_number

TAG = "k7f2"
NUMBER = 3
TRIAL = f"candidate/{NUMBER}/1"
NOTE = Form("note", "main", ("id",), (Field("title", "title"), Field("body", "body")), table="note")
FILE = Form(
    "file", "main", ("note_id", "id"), (Field("name", "name"), Field("data", "data", kind="file")),
    table="file",
)  # fmt: skip
FORMS = {"note": NOTE, "file": FILE}
MARK = mark(TAG, trial_number("candidate", NUMBER, 1))


def word(form: str = "note", record: int = 1, field: int = 0, tag: str = TAG) -> str:
    """The token of a field of this trial."""
    number = trial_number("candidate", NUMBER, 1)
    return token(Trace(tag, number, list(FORMS).index(form), record, field, 1))


def text(name: str = "title", form: str = "note", record: int = 1) -> str:
    """A traceable value of a field."""
    places = [spec.name for spec in FORMS[form].fields]
    at = word(form, record, places.index(name))
    return f"{at} natural text {at}"


class Story:
    """Events in the order in which they are told, half a second apart."""

    def __init__(self, began_s: float = 100.0) -> None:
        self.events: list[ev.Event] = []
        self.at_s = began_s
        self.say(
            ev.TrialBegan(
                trial=TRIAL, case="a.py::a", number=NUMBER, role="candidate", attempt=1,
                round="drive", levels={},
            )
        )  # fmt: skip

    def say(self, event: ev.Event) -> None:
        self.at_s += 0.5
        self.events.append(replace(event, at_s=self.at_s))

    def save(
        self, form: str, key: Key | None, values: Mapping[str, Value], ordinal: int = 1
    ) -> str:
        """A record that was opened, saved and acknowledged; the save's id."""
        record = f"{TRIAL}/r{ordinal}"
        save = f"{record}/s1"
        self.say(ev.RecordOpened(trial=TRIAL, record=record, form=form, ordinal=ordinal, key=key))
        self.say(
            ev.SaveIntended(
                save=save, record=record, revision=1, operation="save", values=values,
                classes=dict.fromkeys(values, "plain"),
            )
        )  # fmt: skip
        return save

    def answered(self, request: int, release: str, status: int = 200) -> None:
        """A request left the page, and its answer named a release."""
        self.say(ev.RequestSent(trial=TRIAL, request=request, method="PATCH", path="/n"))
        self.say(ev.RequestAnswered(trial=TRIAL, request=request, status=status, release=release))

    def told(self, save: str) -> None:
        self.say(ev.SaveAcknowledged(save=save, evidence="Saved"))

    def end(self, outcome: ev.Outcome = "completed", message: str = "") -> Story:
        self.say(ev.TrialEnded(trial=TRIAL, outcome=outcome, message=message))
        return self
