"""A round of scenarios in a real browser: what ends up in the journal."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from harness.journal import events as ev
from harness.model import FileValue
from tests.plugin.conftest import Driven

pytestmark = pytest.mark.xdist_group("e2e")


class TestAcknowledgement:
    """What counts as having been told."""

    @pytest.mark.parametrize(
        ("scenario", "evidence"),
        [
            ("test_same_text_again", "Saved"),
            ("test_class_shows_it", "Saved"),
            ("test_attribute_shows_it", "Saved"),
            ("test_fading_in", "Saved"),
            ("test_element_replaced", "Saved afresh"),
            ("test_in_shadow", "Saved inside"),
            ("test_after_navigation", "Saved by navigation"),
        ],
    )
    def test_what_is_rendered_during_the_save_counts(
        self, driven: Driven, scenario: str, evidence: str
    ) -> None:
        """However a page comes to say it, what it says during the save acknowledges the save."""
        (told,) = driven.of(ev.SaveAcknowledged, scenario)

        assert isinstance(told, ev.SaveAcknowledged)
        assert evidence == told.evidence

    @pytest.mark.parametrize(
        "scenario", ["test_old_text", "test_old_text_restyled", "test_old_text_by_its_text"]
    )
    def test_an_older_saved_does_not_count(self, driven: Driven, scenario: str) -> None:
        """A "saved" from before the save leaves it unknown; the error says what still stands."""
        ended = driven.ended(scenario)

        assert "broken" == ended.outcome
        assert "still says 'Saved 14:03' from before this save" in ended.message
        assert [] == driven.of(ev.SaveAcknowledged, scenario)

    def test_what_a_handler_brings_about_counts(self, driven: Driven) -> None:
        """Who waits to be told answers what the page asks first, as in any other wait."""
        (told,) = driven.of(ev.SaveAcknowledged, "test_asked_first")

        assert isinstance(told, ev.SaveAcknowledged)
        assert told.evidence.startswith("Saved")

    @pytest.mark.parametrize("scenario", ["test_sent_to_sign_in", "test_nothing_but_a_sign_in"])
    def test_a_sign_in_page_acknowledges_nothing(self, driven: Driven, scenario: str) -> None:
        """Whatever it says is of the session; the error names it, without what its address says."""
        ended = driven.ended(scenario)

        assert "broken" == ended.outcome
        assert "a sign-in page is shown" in ended.message
        assert "/login: is the session still good?" in ended.message
        assert "of-mine" not in ended.message
        assert [] == driven.of(ev.SaveAcknowledged, scenario)

    def test_who_signs_out_is_to_be_there(self, driven: Driven) -> None:
        """Where a sign-in page is what the user asked for, what it shows acknowledges."""
        (told,) = driven.of(ev.SaveAcknowledged, "test_signed_out")

        assert isinstance(told, ev.SaveAcknowledged)
        assert told.evidence == "Your session has ended."

    def test_a_form_that_always_asks_for_a_password_is_none(self, driven: Driven) -> None:
        """A page that asked before something was typed there acknowledges as any other."""
        (told,) = driven.of(ev.SaveAcknowledged, "test_a_form_with_a_password")

        assert isinstance(told, ev.SaveAcknowledged)
        assert "Your session has ended." == told.evidence

    def test_each_save_needs_a_word_of_its_own(self, driven: Driven) -> None:
        """A second save of the same record is acknowledged by what is said after it."""
        first, second = driven.of(ev.SaveAcknowledged, "test_second_save")

        assert isinstance(first, ev.SaveAcknowledged)
        assert isinstance(second, ev.SaveAcknowledged)
        assert first.evidence != second.evidence

    def test_a_clock_of_the_page_does_not_matter(self, driven: Driven) -> None:
        """Pages that run on a fake clock are asked all the same."""
        assert 1 == len(driven.of(ev.SaveAcknowledged, "test_fake_clock"))

    @pytest.mark.parametrize(
        ("scenario", "message"),
        [
            ("test_nothing_said", "role=status: it is there and says nothing after 2 s"),
            ("test_nowhere", 'testid=[data-testid="status"]: nothing visible after 2 s'),
        ],
    )
    def test_silence_is_no_acknowledgement(
        self, driven: Driven, scenario: str, message: str
    ) -> None:
        """A page that says nothing breaks the journey, and the error says where nothing was."""
        assert message in driven.ended(scenario).message

    def test_a_refusal_is_read_from_the_page(self, driven: Driven) -> None:
        """A refusal is journaled with what the page said."""
        (refused,) = driven.of(ev.SaveRefused, "test_refusal")

        assert isinstance(refused, ev.SaveRefused)
        assert "Too long" == refused.evidence

    def test_an_answer_needs_no_page(self, driven: Driven) -> None:
        """At level transport the text of an answer is taken as it is."""
        (told,) = driven.of(ev.SaveAcknowledged, "test_transport")

        assert isinstance(told, ev.SaveAcknowledged)
        assert ("204", "transport") == (told.evidence, told.level)


class TestOutcome:
    """How a trial is said to have ended."""

    @pytest.mark.parametrize(
        ("scenario", "outcome", "message"),
        [
            ("test_second_save", "completed", ""),
            ("test_expectation", "broken", 'waiting for get_by_role("status")'),
            ("test_without_acknowledgement", "misused", "left without an acknowledgement"),
            ("test_unwatched_page", "misused", "does not watch"),
            ("test_text_without_a_page", "misused", "pass level='transport'"),
            ("test_wrong_place", "misused", "goes into a Locator"),
            ("test_skipped", "skipped", "not today"),
            ("test_xfailed", "skipped", "known"),
            ("test_browser_gone", "environment", "has been closed"),
            ("test_renderer_gone", "environment", "crashed"),
        ],
    )
    def test_outcomes_are_told_apart(
        self, driven: Driven, scenario: str, outcome: str, message: str
    ) -> None:
        """A journey that broke, a wrong scenario, an excuse and a lost browser are four things."""
        ended = driven.ended(scenario)

        assert (outcome, True) == (ended.outcome, message in ended.message), ended

    def test_what_the_page_told_is_kept(self, driven: Driven) -> None:
        """A journey that broke while the page said why is told, in the page's own words."""
        ended = driven.ended("test_told_why")

        assert ("told", "Choose a patient first") == (ended.outcome, ended.told)

    def test_what_was_told_before_explains_nothing(self, driven: Driven) -> None:
        """A notice that stood there before the save is not why the journey broke."""
        ended = driven.ended("test_told_before")

        assert ("broken", "") == (ended.outcome, ended.told)

    def test_a_broken_journey_leaves_evidence(self, driven: Driven) -> None:
        """Its whole error and what its page showed are files below the run's folder."""
        account, picture = driven.ended("test_expectation").evidence

        assert "test_expectation" in (driven.folder.path / account).read_text(encoding="utf-8")
        assert b"\x89PNG" == (driven.folder.path / picture).read_bytes()[:4]

    def test_a_completed_journey_leaves_none(self, driven: Driven) -> None:
        """Nothing is kept of what went well."""
        assert () == driven.ended("test_second_save").evidence

    def test_every_trial_ends_once(self, driven: Driven) -> None:
        """Each case began and ended exactly one trial."""
        began = sorted(e.trial for e in driven.events if isinstance(e, ev.TrialBegan))
        ended = sorted(e.trial for e in driven.events if isinstance(e, ev.TrialEnded))

        assert began == ended == sorted(f"candidate/{c.number}/1" for c in driven.collected.cases)

    def test_the_round_is_counted(self, driven: Driven) -> None:
        """Progress is what the journal says: cases ended, saves acknowledged."""
        told = [e for e in driven.events if isinstance(e, ev.SaveAcknowledged)]
        counts = driven.result.progress

        assert (len(driven.collected.cases), len(told)) == (counts.done_n, counts.saves_n)
        assert counts.total_n == counts.done_n


class TestTyping:
    """What is put into a page, and read back from it."""

    @pytest.mark.parametrize("how", ["fill", "typing", "paste", "composition"])
    @pytest.mark.parametrize("text", ["plain", "multiline"])
    def test_every_input_method_types_the_value(self, driven: Driven, how: str, text: str) -> None:
        """Whatever the method, a text area holds the value that was intended."""
        (intended,) = driven.of(ev.SaveIntended, "test_note", how=how, text=text)
        typed = driven.of(ev.FieldTyped, "test_note", how=how, text=text)[-1]

        assert isinstance(intended, ev.SaveIntended)
        assert isinstance(typed, ev.FieldTyped)
        assert intended.values["body"] == typed.value
        assert how == typed.how

    def test_what_the_browser_changes_is_what_was_typed(self, driven: Driven) -> None:
        """A lone surrogate that the browser replaces is journaled so, and nothing breaks."""
        title, body, rich = driven.of(ev.FieldTyped, "test_hostile")

        assert isinstance(title, ev.FieldTyped)
        assert isinstance(body, ev.FieldTyped)
        assert isinstance(rich, ev.FieldTyped)
        assert "avant\ufffdapres" in str(title.value)
        assert len(str(body.value)) > 1024 * 1024
        assert "fill" == body.how
        assert "\x00" in str(rich.value)

    def test_choices_flags_and_files_are_read_back(self, driven: Driven) -> None:
        """An option, a mark and a file are typed in their own ways, and what is held is kept."""
        (intended,) = driven.of(ev.SaveIntended, "test_other_kinds")
        typed = driven.of(ev.FieldTyped, "test_other_kinds")

        assert isinstance(intended, ev.SaveIntended)
        assert dict(intended.values) == {
            e.field: e.value for e in typed if isinstance(e, ev.FieldTyped)
        }
        assert isinstance(intended.values["file"], FileValue)


class TestSent:
    """What the browser was seen to send."""

    def test_a_body_is_journaled_leaf_by_leaf(self, driven: Driven) -> None:
        """Every leaf of a JSON body stands at its path; secrets stand there without their value."""
        (sent,) = driven.of(ev.RequestSent, "test_note", how="fill", text="plain")
        (answered,) = driven.of(ev.RequestAnswered, "test_note", how="fill", text="plain")
        title, body = driven.of(ev.FieldTyped, "test_note", how="fill", text="plain")

        assert isinstance(sent, ev.RequestSent)
        assert isinstance(answered, ev.RequestAnswered)
        assert isinstance(title, ev.FieldTyped)
        assert isinstance(body, ev.FieldTyped)
        assert ("POST", "/notes", False) == (sent.method, sent.path, sent.opaque)
        assert {
            "title": title.value,
            "note.body": body.value,
            "note.tags.0": "a",
            "note.tags.1": "1.5",
            "note.tags.2": "true",
            "note.tags.3": None,
            "csrf_token": "…",
        } == dict(sent.leaves)
        assert (sent.request, 200) == (answered.request, answered.status)

    def test_each_kind_of_body_is_read(self, driven: Driven) -> None:
        """Forms are read, long texts kept as digests, and what is withheld is said to be opaque."""
        sent = {
            e.path: e
            for e in driven.of(ev.RequestSent, "test_bodies")
            if isinstance(e, ev.RequestSent)
        }

        assert (("observation[reason]", "é +"), ("password", "…")) == sent["/form"].leaves
        assert (("reason", "é"),) == sent["/multipart"].leaves
        assert sent["/upload"].opaque
        assert sent["/beacon"].opaque
        assert (("reason", None),) == sent["/long"].leaves
        assert (hashlib.sha256(b"x" * 5000).hexdigest(),) == sent["/long"].digests
        assert ((), False) == (sent["/empty"].leaves, sent["/empty"].opaque)

    def test_reading_and_strangers_are_not_journaled(self, driven: Driven) -> None:
        """Only requests that may write, and only to the application, are journaled."""
        paths = [
            e.path
            for e in driven.of(ev.RequestSent, "test_bodies")
            if isinstance(e, ev.RequestSent)
        ]

        assert "/notes/1" not in paths
        assert "/elsewhere" not in paths

    def test_every_context_is_watched(self, driven: Driven) -> None:
        """A second user's requests are journaled as the first one's are."""
        assert 2 == len(driven.of(ev.RequestSent, "test_second_user"))
        assert 2 == len(driven.of(ev.SaveAcknowledged, "test_second_user"))


class TestShown:
    """What a fresh reader was shown."""

    def test_a_record_is_read_by_somebody_else(self, driven: Driven) -> None:
        """After a journey that completed, the journal has each field as a fresh page shows it."""
        (shown,) = driven.of(ev.Shown, "test_note", how="paste", text="multiline")
        typed = driven.of(ev.FieldTyped, "test_note", how="paste", text="multiline")

        assert isinstance(shown, ev.Shown)
        assert (None, "note_page") == (shown.error, shown.reader)
        assert {e.field: e.value for e in typed if isinstance(e, ev.FieldTyped)} == dict(
            shown.values
        )

    def test_what_is_not_shown_is_looked_at_again(self, driven: Driven) -> None:
        """A record that is not whole at once is looked at once more after its settle time."""
        looks = [e for e in driven.of(ev.Shown, "test_second_save") if isinstance(e, ev.Shown)]
        told = driven.of(ev.SaveAcknowledged, "test_second_save")[-1]

        first, *again = looks
        assert first.began_s >= told.at_s
        assert again
        assert all(look.began_s >= told.at_s + 0.3 for look in again)
        assert {"ABSENT"} == {repr(value) for look in looks for value in look.values.values()}

    def test_a_journey_that_broke_is_not_read(self, driven: Driven) -> None:
        """Nobody looks at what was never told to be stored."""
        assert [] == driven.of(ev.Shown, "test_old_text")


def test_nothing_is_left_in_the_scenarios_folder(driven: Driven) -> None:
    """A round leaves no cache and no results beside the scenarios."""
    left = [path.name for path in Path(driven.folder.path).parent.iterdir()]

    assert ["run", "scenarios"] == sorted(left)
