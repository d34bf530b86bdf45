"""Where a value was last seen right."""

from __future__ import annotations

import json
from hashlib import sha256
from urllib.parse import urlencode

import pytest

from harness.checks.history import read_history
from harness.checks.layers import layer_of_loss
from harness.journal.events import RequestSent
from harness.model import Field, FileValue, Layer, Value
from harness.plugin.bodies import read_body
from tests.checks.story import RecordStory, SaveStory, Story, TrialStory, form


def begun(story: Story) -> tuple[TrialStory, RecordStory, SaveStory]:
    """A save of two fields, not yet over."""
    trial = story.trial()
    record = trial.record("7")
    return trial, record, record.save("reason", "history")


def layers(story: Story) -> set[str]:
    """The layers of what was found."""
    return {str(s.layer) for s in story.ends().symptoms}


def test_what_no_request_carried_was_lost_in_the_page() -> None:
    """Typed, acknowledged, and in no body that left the browser: the page."""
    story = Story()
    trial, _, save = begun(story)
    trial.sends(shared="2")
    save.acknowledged(stores=False)

    assert {"page"} == layers(story)


def test_what_a_request_carried_was_lost_by_the_server() -> None:
    """Sent, and not stored: the server or its storage, whatever the newlines became on the way."""
    story = Story()
    trial = story.trial()
    save = trial.record("7").save("reason", text="multiline")
    trial.sends(reason=str(save.values["reason"]).replace("\n", "\r\n"))
    save.acknowledged(stores=False)

    assert {"server"} == layers(story)


def test_a_long_text_is_recognised_by_its_digest() -> None:
    """A text too long for the journal was sent if its digest was."""
    story = Story()
    trial, _, save = begun(story)
    trial.story.tell(
        RequestSent(
            trial=trial.id,
            request=1,
            method="PUT",
            path="/notes/7",
            leaves=(("a", None), ("b", None)),
            digests=tuple(sha256(str(v).encode()).hexdigest() for v in save.values.values()),
        )
    )
    save.acknowledged(stores=False)

    assert {"server"} == layers(story)


def test_a_withheld_body_accuses_nobody() -> None:
    """A beacon whose body the browser keeps to itself may have carried it: unknown."""
    story = Story()
    trial, _, save = begun(story)
    trial.sends_unseen()
    save.acknowledged(stores=False)

    assert {"unknown"} == layers(story)


@pytest.mark.parametrize(
    ("status", "layer"),
    [(0, "page"), (403, "page"), (404, "page"), (200, "server"), (303, "server")],
)
def test_what_was_not_taken_is_the_pages_to_send_again(status: int, layer: str) -> None:
    """A page that sends the same again without it, and is answered well, has dropped it."""
    story = Story()
    trial, _, save = begun(story)
    values = {name: str(value) for name, value in save.values.items()}
    trial.sends(status=status, **values)
    trial.sends(version="1")
    save.acknowledged(stores=False)

    assert {layer} == layers(story)


@pytest.mark.parametrize(("status", "layer"), [(0, "page"), (403, "server"), (413, "server")])
def test_what_a_server_refused_was_sent(status: int, layer: str) -> None:
    """A server that was sent a value and did not take it is where it was last seen."""
    story = Story()
    trial, _, save = begun(story)
    trial.sends(status=status, **{name: str(value) for name, value in save.values.items()})
    save.acknowledged(stores=False)

    assert {layer} == layers(story)


@pytest.mark.parametrize(("sent", "layer"), [(False, "unknown"), (True, "server")])
def test_what_a_page_sends_while_it_goes_is_not_seen(sent: bool, layer: str) -> None:
    """A page that let its user go may have sent it unseen: only a request that was seen accuses."""
    story = Story()
    trial, _, save = begun(story)
    if sent:
        trial.sends_all(save.values)
    save.acknowledged(stores=False, level="leaving")

    assert {layer} == layers(story)


def test_a_save_without_a_page_accuses_nobody() -> None:
    """What a load generator sends itself is in no journal of requests."""
    story = Story()
    _, _, save = begun(story)
    save.acknowledged(stores=False, level="transport")

    assert {"unknown"} == layers(story)


def test_what_the_page_overwrote_was_lost_in_the_page() -> None:
    """A later request that puts what storage holds into the same place is the page's doing."""
    story = Story()
    trial, record, save = begun(story)
    trial.sends_all(save.values)
    save.acknowledged()
    trial.sends(reason="ancien texte", history="autre texte")
    record.holds(reason="ancien texte", history="autre texte")

    assert {"page"} == layers(story)


@pytest.mark.parametrize("who", ["page", "server"])
def test_exchanged_fields_are_the_pages_where_its_body_exchanged_them(who: str) -> None:
    """The place of the body that is called like the field tells who exchanged the values."""
    story = Story()
    trial, record, save = begun(story)
    reason, history = str(save.values["reason"]), str(save.values["history"])
    if who == "page":
        trial.sends(reason=history, history=reason)
    else:
        trial.sends(reason=reason, history=history)
    save.acknowledged()
    record.holds(reason=history, history=reason)

    assert {who} == layers(story)


@pytest.mark.parametrize(("path", "layer"), [("/api/notes/8", "page"), ("/api/notes/7", "server")])
def test_a_text_in_another_record_is_the_pages_where_it_sent_it_there(
    path: str, layer: str
) -> None:
    """The address of the request tells who put one record's text into another."""
    story = Story()
    trial = story.trial()
    one, other = trial.record("7"), trial.record("8")
    one.save("reason").acknowledged()
    other.save("history").acknowledged()
    text = one.text("reason", revision=1)
    trial.sends(path, reason=text)
    other.holds(reason=text)

    assert {"reason": "misplaced"} == story.ends().seen
    assert {layer} == layers(story)


def test_a_request_from_before_the_save_carries_nothing_of_it() -> None:
    """The same words sent for another save do not prove that this one was sent."""
    story = Story()
    trial = story.trial()
    record = trial.record("7")
    trial.sends(reason="RAS, contrôle normal")
    save = record.save(reason="RAS, contrôle normal").typed("reason", "RAS, contrôle normal")
    save.acknowledged(stores=False)

    assert {"page"} == layers(story)


def test_what_no_page_was_to_send_accuses_no_page() -> None:
    """A value that the application makes itself, as a digest or a message, has no layer."""
    story = Story()
    trial = story.trial()
    save = trial.record("7").save(reason="Dr X shared a document with you")
    trial.sends(recipient="patient")
    save.acknowledged(stores=False)

    assert {"unknown"} == layers(story)


def bodies_of(values: dict[str, str]) -> dict[str, tuple[bytes, str]]:
    """The same values as each kind of body, with the content type that says so."""
    parts = "".join(
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in values.items()
    )
    nested = urlencode({"payload": json.dumps({"note": values})})
    return {
        "json": (json.dumps({"note": values}).encode(), "application/json"),
        "form": (urlencode(values).encode(), "application/x-www-form-urlencoded"),
        "multipart": (f"{parts}--b--\r\n".encode(), "multipart/form-data; boundary=b"),
        "json in a form": (nested.encode(), "application/x-www-form-urlencoded"),
    }


@pytest.mark.parametrize("text", ["plain", "symbols", "astral", "multiline", "markup", "quotes"])
@pytest.mark.parametrize("kind", ["json", "form", "multipart", "json in a form"])
@pytest.mark.parametrize(("carried", "layer"), [(True, "server"), (False, "page")])
def test_every_kind_of_body_tells_what_was_sent(
    kind: str, text: str, carried: bool, layer: str
) -> None:
    """Of each kind of body, and any text, it is known whether the page sent the value."""
    story = Story()
    trial = story.trial()
    save = trial.record("7").save("reason", text=text)
    sent = str(save.values["reason"]) if carried else "autre texte"
    body = read_body(*bodies_of({"reason": sent, "history": ""})[kind])
    story.tell(
        RequestSent(
            trial=trial.id,
            request=1,
            method="POST",
            path="/notes/7",
            leaves=body.leaves,
            digests=body.digests,
            opaque=body.opaque,
        )
    )
    save.acknowledged(stores=False)

    assert {layer} == layers(story)


def test_a_file_is_recognised_by_its_digest() -> None:
    """An upload carries its file's digest."""
    story = Story(form("paper", Field("scan", "scan", kind="file")))
    trial = story.trial()
    digest = "1" * 64
    save = trial.record("7").save(scan=FileValue(2048, digest))
    story.tell(
        RequestSent(
            trial=trial.id,
            request=1,
            method="POST",
            path="/papers",
            leaves=(("scan", None),),
            digests=(digest,),
        )
    )
    save.acknowledged(stores=False)

    assert {"server"} == layers(story)


def test_child_rows_were_sent_where_all_of_them_were() -> None:
    """A list is sent when each of its items is."""
    for sent, layer in (("bc", "server"), ("b", "page")):
        story = Story(form("note", Field("lines", "lines", rows="many")))
        trial = story.trial()
        lines = ("b", "c", None)
        save = trial.record("7").save(lines=lines).typed("lines", lines)
        trial.sends(**{f"lines.{n}": line for n, line in enumerate(sent)})  # type: ignore[arg-type]
        save.acknowledged(stores=False)

        assert {layer} == layers(story)


def test_what_stands_once_too_often_has_come_to_the_server() -> None:
    """A page that was seen to send nothing is not accused of what storage holds twice."""
    story = Story()
    trial, _, save = begun(story)
    seen = Story()
    other, _, sent = begun(seen)
    other.sends(reason=str(sent.values["reason"]))
    save.acknowledged()
    sent.acknowledged()

    def layer(told: Story, of: SaveStory, within: TrialStory) -> Layer:
        history = read_history(told.events)
        trial = history.trials[within.id]
        value: Value = str(of.values["reason"])
        return layer_of_loss(trial, trial.saves[0], Field("reason", "reason"), value, value)

    assert layer(story, save, trial) is Layer.UNKNOWN
    assert layer(seen, sent, other) is Layer.SERVER
