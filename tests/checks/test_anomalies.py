"""Every anomaly of a single save: where the check speaks, and the near miss where it is silent."""

from __future__ import annotations

import unicodedata

import pytest

from harness.model import ABSENT, Contract, Field, FileValue, Severity, Value
from tests.checks.story import FOUR, Story, form, single


def test_a_save_that_is_stored_whole_shows_nothing() -> None:
    """What was acknowledged and stands in storage as it was typed is no finding."""
    story = Story()
    story.trial().record("7").save(*FOUR).acknowledged()

    assert {} == story.ends().seen


@pytest.mark.parametrize("held", [None, "", ABSENT], ids=["null", "empty", "absent"])
def test_nothing_where_text_is_due_is_lost(held: Value) -> None:
    """NULL, the empty text and an absent column are each a loss."""
    story = Story()
    story.trial().record("7").save("reason").acknowledged().holds(reason=held)

    assert {"reason": "lost"} == story.ends().seen


def test_a_row_that_is_absent_is_lost_in_every_field() -> None:
    """An acknowledged record whose row is not there has lost all that was saved."""
    story = Story()
    story.another()
    story.trial().record("7").save("reason", "history").acknowledged().vanishes()

    assert {"reason": "lost", "history": "lost"} == story.ends().seen


def test_an_older_value_in_place_of_an_acknowledged_one_is_lost() -> None:
    """An edit that never reached storage is lost, though the field is not empty."""
    story = Story()
    record = story.trial().record("7")
    record.save("reason").acknowledged()
    record.save("reason").acknowledged(stores=False)

    assert {"reason": "lost"} == story.ends().seen


def test_a_text_of_somewhere_else_in_place_of_it_is_lost() -> None:
    """A text that shares nothing with the one that was due is no alteration of it."""
    story = Story()
    record = story.trial().record("7").save("reason").acknowledged()
    record.holds(reason="0123456789 0123456789")

    assert {"reason": "lost"} == story.ends().seen


def test_an_older_value_that_the_page_sent_again_is_reverted() -> None:
    """A newer value that was sent and then overwritten by the page itself was there: reverted."""
    story = Story()
    trial = story.trial()
    record = trial.record("7")
    old = record.text("reason")
    record.save("reason").acknowledged()
    save = record.save("reason")
    trial.sends_all(save.values)
    save.acknowledged()
    trial.sends(reason=old)
    record.holds(reason=old)

    assert {"reason": "reverted"} == story.ends().seen


def test_an_autosave_that_arrives_last_is_reverted() -> None:
    """A beginning that overtakes the whole text on its way replaces it: reverted, not truncated."""
    story = Story()
    trial = story.trial()
    record = trial.record("7")
    whole = record.text("reason")
    save = record.save("reason")
    trial.sends(reason=whole[:40])
    trial.sends(reason=whole)
    save.acknowledged().holds(reason=whole[:40])

    assert {"reason": "reverted"} == story.ends().seen


def test_an_empty_autosave_that_arrives_last_is_reverted() -> None:
    """A page that sends its empty fields when it opens puts back what was there: nothing."""
    story = Story()
    trial = story.trial()
    record = trial.record("7")
    save = record.save("reason")
    trial.sends_all(save.values)
    save.acknowledged()
    trial.sends(reason="")
    record.holds(reason="")

    assert {"reason": "reverted"} == story.ends().seen


def test_an_older_value_written_back_by_a_later_request_is_reverted() -> None:
    """Where each such loss had another write after its acknowledgement, that write undid it."""
    story = Story()
    trial = story.trial()
    record = trial.record("7")
    old = record.text("reason")
    record.save("reason").acknowledged()
    save = record.save("reason")
    trial.sends_all(save.values)
    save.acknowledged()
    trial.sends(path="/api/notes/7/shares", method="POST", recipient="patient")
    record.holds(reason=old)

    assert {"reason": "reverted"} == story.ends().seen


def test_a_loss_that_needs_no_later_request_is_lost_even_where_one_follows() -> None:
    """Where one such loss had nothing after it, the save itself was dropped, in all of them."""
    story = Story()
    for key, shares in (("7", True), ("8", False)):
        trial = story.trial()
        record = trial.record(key)
        old = record.text("reason")
        record.save("reason").acknowledged()
        save = record.save("reason")
        trial.sends_all(save.values)
        save.acknowledged()
        if shares:
            trial.sends(path="/api/notes/7/shares", method="POST", recipient="patient")
        record.holds(reason=old)

    assert ["lost", "lost"] == [str(s.anomaly) for s in story.ends().symptoms]


def test_an_older_value_after_a_read_of_the_newer_is_reverted() -> None:
    """A read that held the newer value proves that it was there."""
    story = Story()
    record = story.trial().record("7")
    old = record.text("reason")
    record.save("reason").acknowledged()
    record.save("reason").acknowledged()
    story.reads("during")
    record.holds(reason=old)

    assert {"reason": "reverted"} == story.ends().seen


def test_a_text_that_vanished_after_a_read_of_it_is_lost() -> None:
    """What was there and is nothing now is lost: absent at the final read."""
    story = Story()
    record = story.trial().record("7").save("reason").acknowledged()
    story.reads("during")
    record.holds(reason=None)

    assert {"reason": "lost"} == story.ends().seen


@pytest.mark.parametrize(
    "cut",
    [
        lambda text: text[: len(text) // 2],
        lambda text: text.encode()[:52].decode("utf-8", "replace"),
        lambda text: text.encode()[:53].decode("utf-8", "replace"),
        lambda text: text.split("<")[0],
        lambda text: text[30:],
        lambda text: text[:30] + text[60:],
    ],
    ids=["half", "bytes", "within a character", "at a sign", "the beginning", "the middle"],
)
def test_a_part_of_a_text_is_truncated(cut: object) -> None:
    """A proper part is truncated wherever the cut went through, a character included."""
    story = Story()
    record = story.trial().record("7").save("reason", text="comparison").acknowledged()
    record.holds(reason=cut(record.text("reason", "comparison", 1)))  # type: ignore[operator]

    assert {"reason": "truncated"} == story.ends().seen


def test_a_cut_through_an_astral_character_is_truncated() -> None:
    """A byte limit that splits an emoji leaves a replacement character, and a part."""
    story = Story()
    record = story.trial().record("7").save("reason", text="astral").acknowledged()
    text = record.text("reason", "astral", 1)
    at = len(text[: text.index("👩")].encode()) + 2
    record.holds(reason=text.encode()[:at].decode("utf-8", "replace"))

    assert {"reason": "truncated"} == story.ends().seen


def test_a_file_cut_short_is_truncated() -> None:
    """A file of fewer bytes is truncated, one of other bytes altered, one of none lost."""
    spec = form("paper", *(Field(name, name, kind="file") for name in ("a", "b", "c", "d")))
    story = Story(spec)
    whole = FileValue(2048, "1" * 64)
    record = story.trial().record("7").save(a=whole, b=whole, c=whole, d=whole).acknowledged()
    record.holds(a=FileValue(1024, "2" * 64), b=FileValue(2048, "3" * 64), c=FileValue(0, "4" * 64))

    assert {"a": "truncated", "b": "altered", "c": "lost"} == story.ends().seen


@pytest.mark.parametrize(
    ("text", "change"),
    [
        ("typography", lambda t: t.encode().decode("cp1252", "replace")),
        ("symbols", lambda t: unicodedata.normalize("NFKC", t)),
        ("comparison", lambda t: t.replace("<", "")),
        ("comparison", lambda t: t.replace("<", "&lt;")),
        ("markup", lambda t: t.replace("&", "&amp;")),
        ("astral", lambda t: t.encode("ascii", "replace").decode()),
        ("percent", lambda t: t.replace("+", " ")),
        ("plain", lambda t: f"{t} Signé: Dr Martin"),
        ("formula", lambda t: f"'{t}"),
        ("trailing", lambda t: t.lstrip()),
    ],
    ids=[
        "mojibake", "nfkc", "stripped sign", "escape", "double escape", "question marks",
        "plus", "appended", "marker-free", "leading blanks",
    ],
)  # fmt: skip
def test_a_text_that_differs_beyond_its_contract_is_altered(text: str, change: object) -> None:
    """The same text with other characters in it is altered, or cut where only its edge is gone."""
    story = Story()
    record = story.trial().record("7").save("reason", text=text).acknowledged()
    record.holds(reason=change(record.text("reason", text, 1)))  # type: ignore[operator]
    expected = "truncated" if text == "trailing" else "altered"

    assert {"reason": expected} == story.ends().seen


@pytest.mark.parametrize(
    ("contract", "text", "change"),
    [
        (Contract(newline="any"), "multiline", lambda t: t.replace("\n", "\r\n")),
        (Contract(trim=True), "trailing", str.rstrip),
        (Contract(nfc=True), "combining", lambda t: unicodedata.normalize("NFC", t)),
    ],
    ids=["newline", "trim", "nfc"],
)
def test_what_the_contract_declares_is_no_alteration(
    contract: Contract, text: str, change: object
) -> None:
    """Newlines, trailing blanks and composition may differ where the plan says so, only there."""
    for allowed in (True, False):
        fields = Field("reason", "reason", contract=contract if allowed else Contract())
        story = Story(form("note", fields))
        record = story.trial().record("7").save("reason", text=text).acknowledged()
        record.holds(reason=change(record.text("reason", text, 1)))  # type: ignore[operator]

        assert allowed == (story.ends().seen == {})


def test_values_of_two_fields_exchanged_are_misplaced() -> None:
    """A value that stands in another field of its record is misplaced, in both."""
    story = Story()
    record = story.trial().record("7").save("reason", "history").acknowledged()
    record.holds(
        reason=record.text("history", revision=1), history=record.text("reason", revision=1)
    )

    assert {"reason": "misplaced", "history": "misplaced"} == story.ends().seen


def test_values_without_a_marker_exchanged_are_misplaced() -> None:
    """A bug that spares what carries a marker is seen all the same."""
    story = Story()
    record = story.trial().record("7").save("reason", "history", text="formula").acknowledged()
    one, other = record.text("reason", "formula", 1), record.text("history", "formula", 1)
    record.holds(reason=other, history=one)

    assert {"reason": "misplaced", "history": "misplaced"} == story.ends().seen


@pytest.mark.parametrize("text", ["plain", "formula"], ids=["traced", "marker-free"])
def test_a_value_in_another_record_is_misplaced(text: str) -> None:
    """What one patient's record lost and another's holds is misplaced, severest of all."""
    story = Story()
    one = story.trial().record("7").save("reason", text=text).acknowledged()
    other = story.trial().record("8").save("reason", text=text).acknowledged()
    other.holds(reason=one.text("reason", text, 1))
    one.holds(reason=None)
    anomalies = {(s.record, str(s.anomaly)) for s in story.ends().symptoms}

    assert (other.id, "misplaced") in anomalies
    assert anomalies <= {
        (one.id, "misplaced"), (one.id, "lost"), (other.id, "misplaced")
    }  # fmt: skip


@pytest.mark.parametrize("text", ["plain", "formula"], ids=["traced", "marker-free"])
def test_a_value_in_a_row_that_nobody_edits_is_misplaced(text: str) -> None:
    """A text that ends in a record that stood there before is misplaced, and that one damaged."""
    story = Story()
    story.row("note", "1", reason="Ancien")
    record = story.trial().record("7").save("reason", text=text).acknowledged()
    story.put("candidate", "note", ("1",), {"reason": record.text("reason", text, 1)})
    record.holds(reason=None)
    anomalies = {str(s.anomaly) for s in story.ends().symptoms}

    assert {"misplaced", "collateral"} <= anomalies


def breaches(story: Story) -> set[tuple[str, str, bool]]:
    """The record, the anomaly, and whether somebody else may read it."""
    return {(s.record, str(s.anomaly), s.breach) for s in story.ends().symptoms}


@pytest.mark.parametrize("text", ["plain", "formula"], ids=["traced", "marker-free"])
def test_a_value_in_another_record_is_a_breach_even_where_its_own_is_whole(text: str) -> None:
    """A copy of one patient's text in another's record is misplaced there, and no duplicate."""
    story = Story()
    one = story.trial().record("7").save("reason", text=text).acknowledged()
    other = story.trial().record("8").save("history", text=text).acknowledged()
    other.holds(reason=one.text("reason", text, 1))

    assert {(one.id, "misplaced", True)} == breaches(story)


@pytest.mark.parametrize("text", ["plain", "formula"], ids=["traced", "marker-free"])
def test_a_value_of_another_record_in_place_of_ones_own_is_a_breach(text: str) -> None:
    """Somebody else's text in one's own record: both records say so."""
    story = Story()
    one = story.trial().record("7").save("reason", text=text).acknowledged()
    other = story.trial().record("8").save("reason", text=text).acknowledged()
    one.holds(reason=other.text("reason", text, 1))

    assert (one.id, "misplaced", True) in breaches(story)
    assert "is blocked: confidentiality breach, what belongs to one record" in (
        story.judged().sentence
    )


def test_a_value_in_another_field_of_its_record_is_no_breach() -> None:
    """Exchanged fields stay with whom they belong to, also in another form of the same record."""
    story = Story(others=(single("paper"),))
    trial = story.trial()
    note = trial.record("7").save("reason").acknowledged()
    paper = trial.record("7", form="paper").save("reason").acknowledged()
    note.holds(reason=None, history=note.text("reason", revision=1))
    paper.holds(reason=note.text("reason", revision=1))

    assert {False} == {s.breach for s in story.ends().symptoms}
    assert {"misplaced"} <= {str(s.anomaly) for s in story.symptoms}


def test_breaches_come_first() -> None:
    """What somebody else may read is said before whatever else was lost or misplaced."""
    story = Story()
    swapped = story.trial().record("6").save("reason", "history").acknowledged()
    swapped.holds(reason=swapped.text("history", revision=1),
                  history=swapped.text("reason", revision=1))  # fmt: skip
    one = story.trial().record("7").save("reason").acknowledged()
    other = story.trial().record("8").save("history").acknowledged()
    other.holds(reason=one.text("reason", revision=1))
    found = [(f.breach, f.fields) for f in story.ends().weighed().findings]

    assert [(True, ("reason",)), (False, ("reason", "history"))] == found


def test_a_value_that_chance_repeats_is_not_misplaced() -> None:
    """A choice that a neighbour holds as well is altered: equal short values say little."""
    spec = form(
        "note",
        Field("kind", "kind", kind="choice"),
        Field("state", "state", kind="choice"),
        Field("count", "count", kind="number"),
    )
    story = Story(spec)
    record = story.trial().record("7").save(kind="draft", state="final", count="1").acknowledged()
    record.holds(kind="final", count="2")

    assert {"kind": "altered", "count": "altered"} == story.ends().seen


def test_a_row_that_stands_twice_is_duplicated_in_all_that_was_saved() -> None:
    """Two rows under one key, or under two, hold what was saved once."""
    for key in ("7", "8"):
        story = Story()
        record = story.trial().record("7").save("reason", "history").acknowledged()
        story.row("note", key, reason=record.text("reason", revision=1),
                  history=record.text("history", revision=1))  # fmt: skip

        assert {"reason": "duplicated", "history": "duplicated"} == story.ends().seen


def test_a_marker_free_row_that_stands_twice_is_duplicated() -> None:
    """A second row with the very same distinctive text is a duplicate without any marker."""
    story = Story()
    record = story.trial().record("7").save("reason", text="formula").acknowledged()
    story.row("note", "8", reason=record.text("reason", "formula", 1))

    assert {"reason": "duplicated"} == story.ends().seen


def test_a_literal_that_other_rows_hold_as_well_is_not_duplicated() -> None:
    """What a scenario spells out may stand anywhere: in seeded rows, and in untouched fields."""
    story = Story()
    story.row("note", "1", reason="Certificat")
    trial = story.trial()
    record = trial.record("7").save(reason="Certificat").acknowledged()
    record.holds(history="Certificat")
    story.row("note", "2", reason="Certificat")
    trial.sends(reason="Certificat")

    assert {} == story.ends().seen


def test_two_records_with_the_same_text_are_not_duplicated() -> None:
    """Two saves of the same words are two records."""
    story = Story()
    for key in ("7", "8"):
        story.trial().record(key).save(reason="Rien de particulier.").acknowledged()

    assert {} == story.ends().seen


def test_a_copy_in_another_record_is_misplaced() -> None:
    """A text that is whole at home and stands in somebody else's record as well is misplaced."""
    story = Story()
    trial = story.trial()
    one, other = trial.record("7"), trial.record("8")
    one.save("reason", "history").acknowledged()
    other.save("reason").acknowledged()
    other.holds(history=one.text("history", revision=1))

    assert {"history": "misplaced"} == story.ends().seen


MANY = form("note", Field("title", "title"), Field("lines", "lines", rows="many"))


@pytest.mark.parametrize(
    ("lines", "anomaly"),
    [
        (("un", "deux"), "torn"),
        ((), "torn"),
        (None, "torn"),
        (("un", "deux", "trois", "trois"), "duplicated"),
        (("trois", "deux", "un"), "altered"),
        (("un", "deux", "tro"), "truncated"),
        (("un", "deux", "quatre"), "altered"),
        (("un", "deux", "avant"), "torn"),
        (("avant",), "lost"),
    ],
    ids=["one gone", "all gone", "null", "twice", "order", "cut", "other", "mixed", "older"],
)
def test_child_rows_are_judged_as_one_value(lines: Value, anomaly: str) -> None:
    """Child rows missing in part are torn, doubled ones duplicated, others altered."""
    story = Story(MANY)
    record = story.trial().record("7").save("title", lines=("avant",)).acknowledged()
    record.save(lines=("un", "deux", "trois")).acknowledged().holds(lines=lines)

    assert {"lines": anomaly} == story.ends().seen


def test_child_rows_of_a_record_that_is_gone_are_lost() -> None:
    """A parent without children is torn; without the parent all is lost."""
    story = Story(MANY)
    story.trial().record("8").save("title").acknowledged()
    story.trial().record("7").save("title", lines=("un", "deux")).acknowledged().vanishes()

    assert {"title": "lost", "lines": "lost"} == story.ends().seen


def test_a_discarded_text_that_is_stored_is_resurrected() -> None:
    """What was typed and given up, and told so, is not to be stored; nor its beginning."""
    for part in (slice(None), slice(60)):
        story = Story()
        record = story.trial().record("7")
        record.save("reason").acknowledged()
        typed = record.text("reason")
        record.discard("reason").acknowledged().holds(reason=typed[part])

        assert {"reason": "resurrected"} == story.ends().seen


def test_a_discarded_text_that_is_gone_leaves_what_was_due() -> None:
    """Giving up an edit keeps what was saved before it."""
    story = Story()
    record = story.trial().record("7")
    record.save("reason").acknowledged()
    record.discard("reason").acknowledged()

    assert {} == story.ends().seen


def test_a_deleted_record_that_stands_is_resurrected() -> None:
    """Every field of a record that was deleted, and told so, is not to be there."""
    story = Story()
    record = story.trial().record("7")
    record.save("reason", "history").acknowledged()
    record.delete().acknowledged(stores=False)

    assert {"reason": "resurrected", "history": "resurrected"} == story.ends().seen


def test_a_deleted_record_that_is_gone_is_fine() -> None:
    """A deletion that storage kept leaves nothing to find."""
    story = Story()
    record = story.trial().record("7")
    record.save("reason", "history").acknowledged()
    record.delete().acknowledged()

    assert {} == story.ends().seen


def test_a_deleted_record_whose_text_stands_elsewhere_is_resurrected() -> None:
    """A copy that outlives its record is found by its token."""
    story = Story()
    record = story.trial().record("7")
    record.save("reason").acknowledged()
    record.delete().acknowledged()
    story.row("note", "9", reason=record.text("reason", revision=1))

    assert {"reason": "resurrected"} == story.ends().seen


def test_a_deletion_without_an_outcome_may_have_happened() -> None:
    """After an unknown deletion the row may be gone, or whole; half of it is wrong."""
    for damage, expected in (("gone", {}), ("whole", {}), ("half", {"history": "lost"})):
        story = Story()
        record = story.trial().record("7")
        record.save("reason", "history").acknowledged()
        record.delete().unknown()
        if damage == "gone":
            record.vanishes()
        if damage == "half":
            record.holds(history=None)

        assert expected == story.ends().seen


def test_a_save_after_an_unknown_deletion_is_due() -> None:
    """An acknowledged save after a deletion without an outcome has to be there."""
    story = Story()
    story.another()
    record = story.trial().record("7")
    record.save("reason").acknowledged()
    record.delete().unknown()
    record.save("reason").acknowledged().vanishes()

    assert {"reason": "lost"} == story.ends().seen


def test_a_cleared_field_is_empty_or_null() -> None:
    """After an emptying NULL and the empty text say the same; the old text is resurrected."""
    for held, expected in (("", {}), (None, {}), ("text", {"reason": "resurrected"})):
        story = Story()
        record = story.trial().record("7")
        record.save("reason", "history").acknowledged()
        record.clear("reason").acknowledged()
        record.holds(reason=record.text("reason", revision=1) if held == "text" else held)

        assert expected == story.ends().seen


def test_a_cleared_field_whose_row_is_gone_is_lost() -> None:
    """Nothing is due of a cleared field, but its row is."""
    story = Story()
    story.another()
    record = story.trial().record("7")
    record.clear("reason").acknowledged().vanishes()

    assert {"reason": "lost"} == story.ends().seen


def test_a_field_that_no_save_touched_is_due_unchanged() -> None:
    """What stood in a field before is due after an edit of another: its loss is collateral."""
    for held, expected in (("Ancien", {}), (None, {"history": "collateral"})):
        story = Story()
        story.row("note", "7", reason="Vieux", history="Ancien")
        story.trial().record("7").save("reason").acknowledged().holds(history=held)

        assert expected == story.ends().seen


def test_a_field_saved_earlier_in_the_run_is_due_unchanged() -> None:
    """An edit of one field keeps what an earlier save put into another."""
    story = Story()
    record = story.trial().record("7")
    record.save("reason", "history").acknowledged()
    record.save("reason").acknowledged().holds(history=None)

    assert {"history": "lost"} == story.ends().seen


def test_null_that_became_an_empty_text_is_only_a_warning() -> None:
    """A form that writes its untouched empty fields changed a value, and lost nothing."""
    story = Story()
    story.row("note", "7", reason="Vieux")
    story.trial().record("7").save("reason").acknowledged().holds(history="")

    assert {"history": "altered (warn)"} == story.ends().seen


def test_data_that_nobody_edits_is_due_as_it_was() -> None:
    """A row that stood there before and that nobody works on is compared as well."""
    for held, expected in (("Ancien", []), ("Anc", ["collateral"]), (None, ["collateral"])):
        story = Story()
        story.row("note", "1", reason="Ancien")
        story.trial().record("7").save("reason").acknowledged()
        story.put("candidate", "note", ("1",), {"reason": held})

        assert expected == [str(s.anomaly) for s in story.ends().symptoms]


def test_an_older_row_that_is_gone_is_collateral_in_every_field() -> None:
    """A row that vanished took all its fields with it, the empty ones too."""
    story = Story()
    story.row("note", "1", reason="Ancien")
    story.trial().record("7").save("reason").acknowledged()
    story.drop("candidate", "note", ("1",))
    found = story.ends().symptoms

    assert set(FOUR) == {s.field for s in found}
    assert {"collateral"} == {str(s.anomaly) for s in found}


def test_text_in_a_new_row_that_nobody_made_is_a_phantom_and_warns() -> None:
    """A row that no record owns was attempted by nobody, or set up without a word: a warning."""
    story = Story()
    story.trial().record("7").save("reason").acknowledged()
    story.row("note", "99", reason="Texte venu d'ailleurs")

    assert {"reason": "phantom (warn)"} == story.ends().seen


@pytest.mark.parametrize("why", ["before", "keyless", "sent", "empty", "number"])
def test_text_that_somebody_may_have_put_there_is_no_phantom(why: str) -> None:
    """Rows that stood there, rows that a keyless record may own, and sent texts accuse nobody."""
    spec = form("note", Field("reason", "reason"), Field("rank", "rank", kind="number"))
    story = Story(spec)
    text = "Texte venu d'ailleurs"
    if why == "before":
        story.row("note", "99", reason=text)
    trial = story.trial()
    trial.record("7").save("reason").acknowledged()
    if why == "keyless":
        trial.record().save("reason").refused()
    if why == "sent":
        trial.sends(reason=text)
    if why == "number":
        story.row("note", "99", rank="3")
    elif why != "before":
        story.row("note", "99", reason="" if why == "empty" else text)

    assert {} == story.ends().seen


def test_text_in_a_field_that_nobody_filled_is_a_phantom_where_others_are_empty() -> None:
    """A new record's untouched field is empty in its sisters, so a text in it came from nowhere."""
    story = Story()
    story.trial().record("7").save("reason").acknowledged()
    story.trial().record("8").save("reason").acknowledged().holds(history="Texte venu d'ailleurs")

    assert {"history": "phantom"} == story.ends().seen


def test_text_that_every_new_record_holds_is_the_applications_own() -> None:
    """What each record has without being told so is a template, and no phantom."""
    story = Story()
    for key in ("7", "8"):
        record = story.trial().record(key).save("reason").acknowledged()
        record.holds(history=f"Consultation {key}")

    assert {} == story.ends().seen


def test_a_refused_save_that_is_stored_is_a_warning() -> None:
    """Told that it failed, and stored all the same: unacknowledged, in a new record and an old."""
    story = Story()
    record = story.trial().record("7")
    record.save("reason").acknowledged()
    record.save("reason", "history").refused(stores=True)

    assert {
        "reason": "unacknowledged (warn)",
        "history": "unacknowledged (warn)",
    } == story.ends().seen


def test_nobody_is_blamed_for_what_is_stored() -> None:
    """Of a value that is there no step can have lost it, whatever was sent."""
    story = Story()
    trial = story.trial()
    record = trial.record("7")
    record.save("reason").acknowledged()
    record.save("reason").refused(stores=True)

    assert ["unknown"] == [symptom.layer for symptom in story.ends().symptoms]


def test_a_refused_save_that_is_not_stored_is_fine() -> None:
    """Refused and not stored is what the user was told; what was due before still is."""
    story = Story()
    record = story.trial().record("7")
    record.save("reason").acknowledged()
    record.save("reason").refused()

    assert {} == story.ends().seen


def test_a_refused_value_in_place_of_a_later_acknowledged_one_is_lost() -> None:
    """A refusal explains nothing once a later save was acknowledged."""
    story = Story()
    record = story.trial().record("7")
    refused = record.text("reason")
    record.save("reason").refused()
    record.save("reason").acknowledged().holds(reason=refused)

    assert {"reason": "lost"} == story.ends().seen


def test_an_unknown_save_may_be_there_or_not() -> None:
    """After an unknown save the old value and the new one are right, and nothing else is."""
    for held, expected in (("old", {}), ("new", {}), ("none", {"reason": "lost"})):
        story = Story()
        record = story.trial().record("7")
        texts: dict[str, Value] = {"old": record.text("reason"), "none": None}
        record.save("reason").acknowledged()
        texts["new"] = record.text("reason")
        record.save("reason").typed("reason", texts["new"]).unknown().holds(reason=texts[held])

        assert expected == story.ends().seen


def test_the_fields_of_an_unknown_save_are_right_one_by_one() -> None:
    """A save that was cut may have stored one field and not the other."""
    story = Story()
    record = story.trial().record("7")
    record.save("reason", "history").acknowledged()
    new = record.text("reason")
    record.save("reason", "history").unknown().holds(reason=new)

    assert {} == story.ends().seen


@pytest.mark.parametrize(
    ("how", "expected"),
    [("typing", {}), ("composition", {}), ("fill", {"reason": "truncated"}), (None, {})],
)
def test_a_beginning_is_right_after_an_unknown_save_that_was_typed(
    how: str | None, expected: dict[str, str]
) -> None:
    """An autosave catches what had been typed so far; a text filled at once has no beginning."""
    story = Story()
    record = story.trial().record("7")
    record.save("reason").acknowledged()
    new = record.text("reason")
    save = record.save("reason")
    if how:
        save.typed("reason", new, how)
    save.unknown().holds(reason=new[:40])
    if expected:
        expected = {"reason": "lost"}

    assert expected == story.ends().seen


def test_an_unknown_save_of_a_new_record_leaves_nothing_damaged() -> None:
    """A first save that was cut may be absent or whole; a part that was never typed is wrong."""
    for part, expected in ((0, {}), (None, {}), (40, {"reason": "truncated"})):
        story = Story()
        record = story.trial().record("7")
        new = record.text("reason")
        record.save("reason").typed("reason", new).unknown().holds(reason=new[:part])

        assert expected == story.ends().seen


def test_a_save_that_nobody_ended_is_unknown() -> None:
    """A run that was cut while a save was open knows nothing of its outcome."""
    story = Story()
    record = story.trial().record("7")
    record.save("reason").acknowledged()
    record.holds(reason=record.text("reason"))
    record.save("reason")

    assert {} == story.ends().seen


def test_what_the_page_cut_in_silence_is_truncated() -> None:
    """A text that the page cut while it was typed, and called saved, was cut by the page."""
    story = Story()
    record = story.trial().record("7")
    whole = record.text("reason")
    record.save("reason").typed("reason", whole[:50]).acknowledged().holds(reason=whole[:50])
    found = story.ends().symptoms

    assert [("truncated", "page", Severity.BLOCK)] == [
        (str(s.anomaly), str(s.layer), s.severity) for s in found
    ]


def test_what_the_browser_itself_changed_is_due_as_the_page_held_it() -> None:
    """A lone surrogate or a newline that the browser changes was never the application's."""
    for typed in ("avant\ufffdapres", "ligne 1\nligne 2"):
        story = Story()
        intended = "avant\ud83dapres" if "avant" in typed else "ligne 1\r\nligne 2"
        record = story.trial().record("7")
        record.save(reason=intended).typed("reason", typed).acknowledged().holds(reason=typed)

        assert {} == story.ends().seen


def test_numbers_dates_and_flags_are_judged_by_what_they_mean() -> None:
    """12.50 is 12.5 and true is t; another number is another value."""
    spec = form(
        "note",
        Field("dose", "dose", kind="number"),
        Field("day", "day", kind="date"),
        Field("fasting", "fasting", kind="flag"),
    )
    story = Story(spec)
    record = story.trial().record("7").save(dose="12.50", day="2024-02-29", fasting="true")
    record.acknowledged().holds(dose="12.5", day="2024-02-29 00:00:00", fasting="t")

    assert {} == story.ends().seen

    record.record.holds(dose="12.4", day="2024-02-28", fasting="f")

    assert {"dose", "day", "fasting"} == set(story.ends().seen)
