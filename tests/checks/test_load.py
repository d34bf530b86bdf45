"""What is said of a load: of every save, and of the rate."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.answer import conclude
from harness.checks.load import LoadGrounds, pace_of
from harness.checks.load_owed import LoadRecord
from harness.checks.pace import Reference
from harness.checks.sifted import LOOKED_AT_MAX
from harness.journal import events as ev
from harness.journal.acts_files import find_acts
from harness.model import Anomaly, Leg, Severity
from tests.checks.acts import move_behind, read_lines, take_apart, write_acts, write_lines
from tests.checks.load_story import LoadStory
from tests.checks.story import FOUR, form


@pytest.fixture
def load(tmp_path: Path) -> LoadStory:
    """A load that has not begun."""
    return LoadStory(tmp_path / "observations")


def found(grounds: LoadGrounds) -> dict[str, tuple[tuple[str, ...], str, int]]:
    """Each anomaly with its fields, its severity and its number of saves."""
    return {str(f.anomaly): (f.fields, str(f.severity), f.saves_n) for f in grounds.findings}


def test_a_load_that_was_kept_passes(load: LoadStory) -> None:
    """Where every save is in storage a load has figures, controls, and nothing to say."""
    load.saves(100)
    grounds = load.judged()

    assert (grounds.findings, grounds.owed, grounds.broken) == ((), (), ())
    assert (grounds.saves_verified, grounds.figures.saves_acknowledged) == (100, 100)
    assert grounds.figures.reached_saves_per_s == 10.0
    assert grounds.figures.p95_ms == pytest.approx(20.0)
    assert grounds.controls.planted == grounds.controls.caught >= 4
    assert [second.saves_per_s for second in grounds.seconds] == [10.0] * 10


def test_what_was_written_over_is_not_called_verified(load: LoadStory) -> None:
    """A save of which a later one wrote every field is counted apart: storage cannot tell."""
    records = load.saves(100)
    records[3].save("reason", "history").acknowledged()
    records[4].save("history").acknowledged()
    grounds = load.judged()

    assert (grounds.findings, grounds.owed, grounds.broken) == ((), (), ())
    assert (grounds.saves_verified, grounds.figures.saves_acknowledged) == (101, 102)
    assert (
        "not compared under load: 1 acknowledged save; a later save or deletion took its place, "
        "or it changed nothing" in grounds.warnings
    )


def test_what_stood_there_already_is_not_called_verified(load: LoadStory) -> None:
    """A save of what the row held before shows nothing, and a load of nothing else proves none."""
    for n in range(100):
        load.stands(f"k{n}", reason="open", history="open")
    load.starts()
    for n in range(100):
        load.record(f"k{n}", user=n % 20).save(reason="open", history="open").acknowledged()
    grounds = load.judged()

    assert (grounds.saves_verified, grounds.findings) == (0, ())
    assert grounds.owed[0].startswith("no save of the load can be told from one that never was")


@pytest.mark.parametrize("deletion", ["acknowledged", "unknown"])
def test_what_was_deleted_is_not_called_verified(load: LoadStory, deletion: str) -> None:
    """A save whose row was deleted, or may have been, is not found in storage."""
    record = load.saves(100)[3]
    deleting = record.save(operation="delete")
    if deletion == "acknowledged":
        deleting.acknowledged()
    else:
        deleting.unknown(stores=True)
    grounds = load.judged()

    assert grounds.findings == ()
    told_n, found_n = grounds.figures.saves_acknowledged, grounds.saves_verified
    assert (told_n, found_n) == ((101, 100) if deletion == "acknowledged" else (100, 99))
    assert "not compared under load: 1 acknowledged save" in grounds.warnings[-1]


def test_a_lost_field_is_found_with_its_fields_and_its_time(load: LoadStory) -> None:
    """A field that a few of many saves lost blocks, with how many they are and when."""
    records = load.saves(100)
    for record in (records[31], records[57], records[58]):
        record.holds(history=None)
    grounds = load.judged()

    assert found(grounds) == {"lost": (("history",), "block", 3)}
    assert grounds.findings[0].trigger.text == (
        "under load of 10 saves/s: 3 of 100 saves, between second 3 and 5"
    )
    assert grounds.saves_verified == 97
    assert grounds.findings[0].layer == "server"
    assert grounds.findings[0].evidence[0] == "observations/04-load-confirm.jsonl"


@pytest.mark.parametrize(
    ("damage", "anomaly"),
    [
        ("a lost row", "lost"),
        ("a row twice", "duplicated"),
        ("a cut text", "truncated"),
        ("two fields swapped", "misplaced"),
        ("a value of another record", "misplaced"),
        ("an older revision", "lost"),
        ("a second row", "duplicated"),
    ],
)
def test_each_damage_has_its_word(load: LoadStory, damage: str, anomaly: str) -> None:
    """The oracle names what the sieve caught, as it does for a scenario's saves."""
    records = load.saves(20)
    record = records[7]
    first = {
        "reason": record.text("reason", revision=1),
        "history": record.text("history", revision=1),
    }
    match damage:
        case "a lost row":
            record.vanishes()
        case "a row twice":
            load.rows.append(next(row for row in load.rows if row.key == record.row))
        case "a cut text":
            record.holds(reason=first["reason"][:50])
        case "two fields swapped":
            record.holds(reason=first["history"], history=first["reason"])
        case "a value of another record":
            record.holds(reason=records[8].text("reason", revision=1))
        case "an older revision":
            record.save("reason").acknowledged(stores=False)
        case "a second row":
            load.stands("made twice", **first)
    grounds = load.judged()

    assert anomaly in found(grounds)
    assert found(grounds)[anomaly][1] == "block"


def test_what_was_not_acknowledged_is_not_due(load: LoadStory) -> None:
    """Old or new is right after an unknown save, and a refused one owes nothing."""
    load.stands("old", reason="before", history="h")
    load.starts()
    load.saves(100)
    load.record("old").save("reason").unknown()
    load.record("new").save("reason").unknown(stores=True)
    load.record("never").save("reason").unknown()
    load.record("refused").save("reason").refused()
    load.record(None).save("reason").unknown(stores=True)
    grounds = load.judged()

    assert (grounds.findings, grounds.owed) == ((), ())
    assert grounds.saves_verified == 100


def test_a_refused_save_that_stands_there_is_told(load: LoadStory) -> None:
    """Stored although the user was told of a failure is a warning, under load as elsewhere."""
    load.saves(10)
    load.record("refused").save("reason").refused(stores=True)

    assert found(load.judged()) == {"unacknowledged": (("reason",), "warn", 0)}


def test_a_deletion_that_was_acknowledged_stands(load: LoadStory) -> None:
    """A deleted record is gone; one that is still there is resurrected."""
    load.saves(10)
    for key in ("gone", "there"):
        record = load.record(key)
        record.save("reason").acknowledged()
        record.save(operation="delete").acknowledged(stores=key == "gone")

    grounds = load.judged()

    assert {name: n for name, (_, _, n) in found(grounds).items()} == {"resurrected": 1}


def test_rows_that_nobody_worked_on_stay_as_they_were(load: LoadStory) -> None:
    """A row that stood there before and changed, or is gone, is collateral."""
    for key in ("kept", "changed", "gone"):
        load.stands(key, reason=f"the reason of {key}")
    load.starts()
    load.saves(10)
    load.put(("changed",), {"reason": "other"})
    load.drop(("gone",))
    grounds = load.judged()

    (finding,) = grounds.findings
    assert (finding.anomaly, finding.severity) == (Anomaly.COLLATERAL, Severity.BLOCK)
    assert (finding.fields[0], finding.records_n) == ("reason", 2)
    assert finding.trigger.text == "under load of 10 saves/s: 2 records"


@pytest.mark.parametrize("fields", [("reason", "history"), FOUR])
def test_a_record_that_was_made_over_another_is_collateral(
    load: LoadStory, fields: tuple[str, ...]
) -> None:
    """A key that is answered to whoever makes a record is no row's that stood there before.

    Also where all of the row is as it was saved then.
    """
    for n in range(50):
        load.stands(f"k{n}", reason=f"the reason of {n}")
    load.starts()
    for n in range(50):
        load.record(f"k{n}", user=n % 20, late=True).save(*fields).acknowledged()
    grounds = load.judged()

    assert found(grounds) == {"collateral": (fields, "block", 0)}
    assert grounds.findings[0].records_n == 50


def test_a_key_whose_row_was_deleted_may_be_given_again(load: LoadStory) -> None:
    """A record that was made where the load deleted another has written over nothing."""
    load.stands("k1", reason="the reason of another")
    load.starts()
    load.saves(10, first=10)
    load.record("k1").save(operation="delete").acknowledged()
    load.record("k1", late=True).save("reason", "history").acknowledged()

    assert found(load.judged()) == {}


@pytest.mark.parametrize(
    ("rest", "fields"),
    [
        ("author=1f3a&state=-", ()),
        ("author=1f3a&added=77&state=-", ()),
        ("author=2222&state=-", ("author",)),
        ("state=-", ("author",)),
    ],
)
def test_other_columns_of_rows_that_nobody_worked_on_stay(
    load: LoadStory, rest: str, fields: tuple[str, ...]
) -> None:
    """A column that no field covers is collateral in a row that nobody saved, and only there."""
    for key in ("kept", "saved"):
        load.stands(key, reason=f"the reason of {key}")
        load.put_beside((key,), "author=1f3a&state=-")
    load.starts()
    load.saves(10)
    load.record("saved").save("reason").acknowledged()
    load.put_beside(("kept",), rest)
    load.put_beside(("saved",), "author=4444&state=-")

    collateral = {"collateral": (fields, "block", 0)} if fields else {}
    assert found(load.judged()) == collateral


def test_a_field_that_a_save_left_alone_stays_as_it_was(load: LoadStory) -> None:
    """An older value beside what was saved is due unchanged, by its fingerprint alone."""
    load.stands("old", reason="before", history="h")
    load.starts()
    load.saves(10)
    load.record("old").save("reason").acknowledged().holds(history=None)

    assert found(load.judged()) == {"collateral": (("history",), "block", 0)}


def test_rows_that_nobody_names_are_told(load: LoadStory) -> None:
    """A row that a load made without journaling it is a warning; one that holds nothing is not."""
    load.saves(100)
    load.stands("stray", reason="a note that nobody journaled")
    load.stands("empty")
    grounds = load.judged()

    assert grounds.findings == ()
    assert grounds.warnings == ("the load made 1 row that no record of it names",)
    assert grounds.owed == ()


def test_a_record_whose_key_nobody_knew_is_found_by_its_values(load: LoadStory) -> None:
    """A record without a key is found by what it holds, and is lost where nothing holds it."""
    load.saves(10)
    load.record(None).save("reason").acknowledged()
    load.record(None).save("reason").acknowledged(stores=False)
    grounds = load.judged()

    assert found(grounds) == {"lost": (("reason",), "block", 1)}
    assert grounds.saves_verified == 11


def test_records_without_keys_that_share_a_value_are_told_apart(load: LoadStory) -> None:
    """A value that many records hold does not say whose row it is, where another does."""
    for n in range(100):
        record = load.record(None, user=n % 20)
        saving = record.save("history", reason=record.text("reason", "zero"))
        saving.save.fields["reason"] = saving.save.fields["reason"]._replace(
            text_class="zero", value=None
        )
        saving.acknowledged()
    grounds = load.judged()

    assert (grounds.findings, grounds.owed, grounds.saves_verified) == ((), (), 100)


def test_two_records_in_one_place_are_one_lost(load: LoadStory) -> None:
    """A key that the application gave twice holds one of the two records."""
    load.saves(10)
    load.record("same", user=1, late=True).save("reason").acknowledged()
    load.record("same", user=2, late=True).save("reason").acknowledged()

    assert found(load.judged())["misplaced"][1] == "block"


def test_one_record_of_two_users_is_one(load: LoadStory) -> None:
    """Who opens a record that another user made works on the same one."""
    load.saves(10)
    load.record("same", user=5).save("reason").acknowledged()
    load.record("same", user=7, late=True).save("history").acknowledged()
    load.record("same", user=9).save("reason").acknowledged()

    assert load.judged().findings == ()


def test_overlapping_saves_of_one_record(load: LoadStory) -> None:
    """Of two saves that overlap either is right, and a mixture of both is torn."""
    load.saves(10)
    for key, mixes in (("whole", False), ("mixed", True)):
        one, other = load.record(key, user=1), load.record(key, user=2)
        first = one.save("reason", "history")
        load.now_s = first.save.began_s
        second = other.save("reason", "history")
        first.acknowledged(took_s=0.05)
        second.acknowledged(took_s=0.04)
        if mixes:
            one.holds(reason=first.values["reason"])

    assert found(load.judged()).keys() == {"torn"}


def test_two_texts_side_by_side_under_merge(tmp_path: Path) -> None:
    """Where a form merges, fingerprints cannot tell, and the texts do."""
    load = LoadStory(tmp_path / "o", form=form("note", concurrent="merge"))
    load.saves(10)
    one, other = load.record("both", user=1), load.record("both", user=2)
    first = one.save("reason")
    load.now_s = first.save.began_s
    second = other.save("reason")
    first.acknowledged(took_s=0.05)
    second.acknowledged(took_s=0.04)
    one.holds(reason=f"{first.values['reason']}\n{second.values['reason']}")
    grounds = load.judged()

    assert grounds.findings == ()
    assert grounds.saves_verified == 12


def test_what_is_right_later_was_late(load: LoadStory) -> None:
    """A save that the read after the settle time misses, and a later one holds, is late."""
    records = load.saves(10)
    text = records[3].text("reason", revision=1)
    records[3].holds(reason=None)
    record = load.record_of()
    records[3].holds(reason=text)

    assert found(load.judged(record)) == {"late": (("reason",), "block", 1)}


def test_within_the_forms_limit_late_is_a_warning(tmp_path: Path) -> None:
    """late_s_max of the form lets a save be late."""
    load = LoadStory(tmp_path / "o", form=form("note", late_s_max=600.0))
    records = load.saves(10)
    text = records[3].text("reason", revision=1)
    records[3].holds(reason=None)
    record = load.record_of()
    records[3].holds(reason=text)
    grounds = load.judged(record)

    assert found(grounds) == {"late": (("reason",), "warn", 1)}
    assert grounds.saves_verified == 10


def test_a_loss_without_a_second_read_is_no_verdict(load: LoadStory) -> None:
    """Suspects that one read alone has shown are inconclusive, and none at all is owed."""
    load.saves(10)[3].holds(reason=None)
    record = load.record_of()
    unlooked = load.judged(record, looks=False)
    load.looks("final")
    once = load.judged(record)

    assert unlooked.findings == ()
    assert "nobody looked at them twice" in unlooked.owed[0]
    assert found(once) == {"lost": (("reason",), "inconclusive", 1)}


def test_more_suspects_than_are_looked_at_are_counted(load: LoadStory) -> None:
    """Of many losses five hundred are looked at, and the others counted and said to be."""
    for record in load.saves(LOOKED_AT_MAX + 40):
        record.holds(reason=None)
    grounds = load.judged()

    (finding,) = grounds.findings
    assert (finding.saves_n, finding.records_n) == (540, 540)
    assert finding.trigger.text.endswith(", 40 of them only counted")


# --- what is owed ------------------------------------------------------------------------------


def test_a_load_without_a_record_proves_nothing(load: LoadStory) -> None:
    """Nothing journaled is inconclusive, with what to do, and no word on its pace."""
    (owed,) = load.judged().owed

    assert owed == "the load journaled nothing: its file has to save through harness.load"


def test_a_load_without_an_acknowledgement_proves_nothing(load: LoadStory) -> None:
    """Only refusals are no evidence and no block: it may be the load file that is wrong."""
    for n in range(100):
        load.record(f"k{n}").save("reason").refused()
    grounds = load.judged()

    assert grounds.broken == ()
    assert "no save was acknowledged under load, 100 were refused" in grounds.owed[0]
    assert "500 PATCH" in grounds.owed[0]
    assert not any("the application was the limit" in owed for owed in grounds.owed)


def test_a_load_that_never_ended_proves_nothing(load: LoadStory) -> None:
    """A load whose runner failed is inconclusive."""
    load.saves(100)
    load.ended = False

    assert load.judged().owed == ("the load never ended by itself",)


@pytest.mark.parametrize("lines_n", [1, 2, 40], ids=["its end", "its last sum", "saves"])
def test_a_journal_cut_between_two_lines_is_owed(load: LoadStory, lines_n: int) -> None:
    """Where a load ended and a journal did not, lines may be missing, whole as the rest looks."""
    load.saves(100)
    record = load.record_of()
    path = record.files[0].path
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-lines_n]))
    cut = replace(record, files=tuple(find_acts(load.folder)))
    grounds = load.judged(cut)

    assert grounds.owed[0].startswith(f"the load's journal {path.name} does not end as")


@pytest.mark.parametrize("there", [[0, 1, 2], [0, 1, 1, 3], [0, 1, 2, 3, 3], [0, 1, 2, 3]])
def test_each_process_is_there_once_or_nothing_is_said_of_pace(
    load: LoadStory, there: list[int]
) -> None:
    """A share that is missing, or there twice, is owed, and no release is slow for it."""
    load.processes = 4
    (whole,) = load.volume.schedules
    load.volume.schedules = [replace(whole, nth=nth, of_n=4) for nth in there]
    too_slow(load, 3.0)
    grounds = load.judged()
    owed = [sentence for sentence in grounds.owed if "was driven in 4 shares" in sentence]

    assert (len(owed), bool(grounds.broken)) == ((0, True) if there == [0, 1, 2, 3] else (1, False))


def test_lines_that_belong_to_nothing_are_owed(load: LoadStory) -> None:
    """A journal that lost lines proves nothing."""
    load.saves(100)
    load.volume.orphans_n = 2

    assert "2 lines of the load's journal" in load.judged().owed[0]


def test_an_outcome_without_its_intent_is_owed_however_its_record_looks(load: LoadStory) -> None:
    """Where a record was opened, an outcome of a save that nobody began is a lost line as well."""
    records = load.saves(100)
    records[3].save("reason").acknowledged()
    record = load.record_of()
    path = record.files[0].path
    take_apart(path)
    lines = read_lines(path)
    begun = records[3].volume.saves[0].id
    left = [line for line in lines if not (line.startswith("i ") and f" {begun} " in line)]
    write_lines(path, left)
    grounds = load.judged(replace(record, files=tuple(find_acts(load.folder))))

    assert len(lines) - 1 == len(left)
    assert grounds.owed[0].startswith("1 line of the load's journal belong")


@pytest.mark.parametrize(("moved", "orphans_n"), [("i", 1), ("k", 0), ("r", 3), ("n", 2)])
def test_an_order_that_nobody_writes_is_owed_for_what_it_is(
    load: LoadStory, moved: str, orphans_n: int
) -> None:
    """A line ahead of what it belongs to is told, though only reading its record finds it."""
    load.saves(100)
    made = load.record("made", user=3, late=True)
    made.save("reason").acknowledged()
    record = load.record_of()
    if moved in "ir":
        take_apart(record.files[0].path)
    id_ = made.volume.saves[0].id if moved == "i" else made.volume.id
    move_behind(record.files[0].path, moved, id_)
    owed = load.judged(replace(record, files=tuple(find_acts(load.folder)))).owed

    lines = "1 line" if orphans_n == 1 else f"{orphans_n} lines"
    told = (f"{lines} of the load's journal belong to nothing that was begun: it has lost lines",)
    assert owed[:1] == (told if orphans_n else ())


def test_reads_that_are_missing_are_owed(load: LoadStory) -> None:
    """Without a read before, or after, the load nothing was compared."""
    load.saves(100)
    record = load.record_of()

    assert "before the load" in load.judged(replace(record, before=None)).owed[0]
    assert "after the load" in load.judged(replace(record, final=None)).owed[0]


def test_a_read_that_began_too_early_compares_nothing(load: LoadStory) -> None:
    """A save is compared by a read that began after its settle time, or it is owed."""
    load.saves(100)
    grounds = load.judged(load.record_of(after_s=0.5))

    assert grounds.owed[0].endswith(
        "saves acknowledged under load were never compared with storage"
    )


def test_what_cannot_be_read_is_owed(load: LoadStory) -> None:
    """An unreadable file of the record is a sentence of the answer."""
    load.saves(100)
    record = replace(load.record_of(), unreadable=("the journal load-1.acts cannot be read",))

    assert load.judged(record).owed == ("the journal load-1.acts cannot be read",)


def test_what_cannot_be_read_blames_nobody(load: LoadStory) -> None:
    """Of a journal that cannot be read nothing else is said: neither of its file nor of speed."""
    record = replace(LoadRecord(), unreadable=("the journal load-1.acts cannot be read",))
    grounds = load.judged(record)

    assert grounds.owed == ("the journal load-1.acts cannot be read",)
    assert grounds.broken == ()


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("load/7/1/r1", "load/7/1/2/r1", "a record 'load/7/1/2/r1', which no process"),
        ("load/7/1/r1", "seven", "a record 'seven', which no process"),
        ("reason=plain:", "reason=comparison:", "no longer makes what this run saved"),
        ("reason=plain:", "reason=of-tomorrow:", "of-tomorrow"),
    ],
)
def test_a_journal_of_another_version_is_owed(
    load: LoadStory, old: str, new: str, told: str
) -> None:
    """What no process of this version journals is no record, and neither lost nor a crash."""
    load.saves(20)[7].vanishes()
    record = load.record_of()
    (path,) = (file.path for file in record.files)
    lines = [line.replace(old, new) for line in path.read_text("ascii").splitlines()[:-2]]
    write_lines(path, lines)
    grounds = load.judged(record)

    assert (grounds.findings, grounds.broken) == ((), ())
    assert told in grounds.owed[0]


def test_a_trouble_that_only_warns_is_no_end_of_a_load(load: LoadStory) -> None:
    """A load that never ended is owed, whatever was warned of in it."""
    load.saves(100)
    load.ended = False
    grounds = load.weighed(None, ev.Trouble(stage="load", sentence="hm", verdict="warn"))

    (loaded,) = grounds.loads
    assert loaded.owed == ("the load never ended by itself",)


def test_changes_that_nobody_looked_at_are_owed(load: LoadStory) -> None:
    """Rows that changed beside the load are no pass where no read of them is there."""
    load.stands("beside", reason="as it was")
    load.starts()
    load.saves(100)
    load.put(("beside",), {"reason": "other"})
    record = load.record_of()

    assert load.judged(record, looks=False).owed == (
        "1 row changed under load that it did not save, and nobody looked at them",
    )


def test_a_form_that_was_only_refused_is_owed(load: LoadStory) -> None:
    """Where no save of a form was ever acknowledged, losses of it would not have shown."""
    load.saves(98)
    for record in load.saves(2, first=98):
        save = record.volume.saves[0]
        record.volume.form, save.state, save.told = "share", "refused", "500 POST /shares"
    load.rows = load.rows[:98]
    (sentence,) = load.judged().owed

    assert sentence == (
        "no save of form share was acknowledged under load, of 2 that were tried; "
        "it said: 500 POST /shares"
    )


def test_a_form_that_was_under_way_at_the_end_is_not_owed(load: LoadStory) -> None:
    """The first save of a form may be the one that the end of the load cut."""
    load.saves(99)
    (last,) = load.saves(1, first=99)
    last.volume.form, last.volume.saves[0].state = "share", "unknown"
    load.rows = load.rows[:99]

    assert load.judged().owed == ()


# --- who was the limit --------------------------------------------------------------------------


def too_slow(load: LoadStory, service_s: float) -> LoadGrounds:
    """A load of which only half was served in time, each save that long."""
    load.saves(50)
    for save in load.volume.saves:
        save.began_s += 0.3
        save.ended_s = save.began_s + service_s
    return load.judged()


def test_a_busy_generator_was_the_limit(load: LoadStory) -> None:
    """A generator that keeps its core busy proves nothing of the application."""
    load.busy = 0.97
    grounds = too_slow(load, 0.02)

    assert "the generator was the limit: it kept a core 97 % busy" in grounds.owed[0]
    assert grounds.broken == ()


def test_too_few_users_were_the_limit(load: LoadStory) -> None:
    """Where every user was busy while saves were fast, more users are needed."""
    grounds = too_slow(load, 0.02)

    assert "20 users were too few: each was busy, while a save took 20 ms" in grounds.owed[0]
    assert "about 50 would do, as [load] users" in grounds.owed[0]
    assert grounds.broken == ()


def test_one_user_was_too_few(load: LoadStory) -> None:
    """A sentence on one is a sentence."""
    load.users = 1

    assert "1 user was too few: each was busy" in too_slow(load, 0.02).owed[0]


def test_users_that_stopped_are_no_limit_of_the_application(load: LoadStory) -> None:
    """Where few saves were begun and each was answered at once, no release is blocked for it."""
    load.saves(50)
    grounds = load.judged()

    assert grounds.broken == ()
    assert "its users began 50 of 100 saves that were due" in grounds.owed[0]


def test_an_application_that_hangs_was_the_limit(load: LoadStory) -> None:
    """Saves that were begun and never answered are why the others were not begun."""
    load.saves(50)
    for n in range(20):
        load.record(f"hung{n}", user=n).save("reason")
    grounds = load.judged()

    assert "the application was the limit: 0 refused, 20 unknown" in grounds.broken[0]


@pytest.mark.parametrize("hold_s", [None, 0.0])
def test_a_rate_that_was_never_held_blocks_nothing(load: LoadStory, hold_s: float | None) -> None:
    """Without a schedule, or with its rise alone, a load proves nothing and blocks nothing."""
    load.saves(100)
    schedule = load.volume.schedules.pop()
    if hold_s is not None:
        load.volume.schedules.append(replace(schedule, legs=(Leg(1.0, 10.0), Leg(1.0, hold_s))))
    grounds = load.judged()

    assert grounds.broken == ()
    assert grounds.owed == (
        "the load's journal has 0 s at the full rate, and 10 s were asked for",
        "no save was due at the full rate of the load; hold it for longer",
    )


def test_a_slow_application_was_the_limit(load: LoadStory) -> None:
    """Where the users waited for the application, the release is blocked."""
    grounds = too_slow(load, 3.0)

    assert "the application was the limit: 0 refused, 0 unknown" in grounds.broken[0]
    assert "slowest acknowledged after 3300 ms" in grounds.broken[0]


def test_an_application_that_refuses_was_the_limit(load: LoadStory) -> None:
    """An application that answers 500 to most saves is blocked, however busy the generator was."""
    load.busy = 0.97
    load.saves(30)
    for n in range(70):
        load.record(f"r{n}").save("reason").refused()
    grounds = load.judged()

    assert grounds.broken[0].startswith("load reached 3 of 10 saves/s: the application was")
    assert "70 refused" in grounds.broken[0]
    assert "500 PATCH /api/notes/7" in grounds.broken[0]


def test_a_limit_on_time_is_held(load: LoadStory) -> None:
    """save_p95_ms_max of the plan blocks above it, and lets pass below it."""
    load.saves(100)
    load.limit_ms = 25.0
    kept = load.judged()
    load.limit_ms = 15.0
    broken = load.judged(looks=True)

    assert kept.broken == ()
    assert "95 % of saves were acknowledged within 20 ms; the limit is 15 ms" in broken.broken[0]


@pytest.mark.parametrize(("percent", "took_ms"), [(50, 20), (99, 600)])
def test_each_percentile_has_its_limit(load: LoadStory, percent: int, took_ms: int) -> None:
    """Half of all saves, and nearly all, are held to a limit of their own."""
    load.saves(100)
    for save in [*load.volume.saves][::40]:
        save.ended_s = save.began_s + 0.6
    load.limits_ms[percent] = took_ms + 5.0
    kept = load.judged()
    load.limits_ms[percent] = took_ms - 5.0
    broken = load.judged()

    assert kept.broken == ()
    (sentence,) = broken.broken
    assert f"{percent} % of saves were acknowledged within {took_ms} ms; the limit is" in sentence


def test_a_limit_on_time_is_no_limit_of_users_that_were_all_busy(load: LoadStory) -> None:
    """Saves that were fast once they were begun, and begun late, are no release's fault."""
    load.saves(100)
    for save in [*load.volume.saves][10:]:
        save.began_s += 0.3
        save.ended_s = save.began_s + 0.02
    load.limit_ms = 200.0
    waited = load.judged()
    first = next(load.volume.saves)
    first.ended_s = first.began_s + 3.0
    stalled = load.judged()

    assert waited.broken == ()
    assert "none took longer than 20 ms once it was begun: no user was free" in waited.owed[0]
    assert "the limit is 200 ms" in stalled.broken[0]


@pytest.mark.parametrize("busy", [0.95, 0.85, None])
def test_a_limit_on_time_is_no_limit_of_a_busy_generator(
    load: LoadStory, busy: float | None
) -> None:
    """Where the generator kept its core busy, or may have, the time of a save says nothing."""
    load.saves(100)
    load.limit_ms, load.busy = 15.0, busy
    grounds = load.judged()

    assert grounds.broken == ()
    (sentence,) = grounds.owed
    assert re.search("the limit is 15 ms, and (the generator was the|how busy the)", sentence)


def reference(load: LoadStory, p95_ms: float, busy: float | None = 0.2) -> Reference:
    """How fast the baseline was, which is all else like the load itself."""
    write_acts(load.folder, load.volume)
    figures = pace_of(LoadRecord(tuple(find_acts(load.folder))), None)
    ended = ev.LoadEnded(exit_code=0, generator_busy=busy)
    return Reference("1.1.0", replace(figures, p95_ms=p95_ms), ended)


def slow(load: LoadStory, took_s: float = 0.2) -> LoadStory:
    """A load of which every save takes so long, against a baseline with a limit of twice that."""
    for n in range(100):
        load.record(f"k{n}", user=n % 20).save("reason").acknowledged(took_s=took_s)
        load.now_s = load.start_s + (n + 1) / load.rate
    load.now_s += 1.0
    load.ratio_max = 2.0
    return load


def test_a_release_slower_than_its_baseline_is_blocked(load: LoadStory) -> None:
    """Beyond the plan's ratio it blocks, with both times; within it, it passes."""
    slow(load)
    load.baseline = reference(load, 50.0)
    broken = load.judged()
    load.baseline = reference(load, 100.0)
    kept = load.judged()

    (sentence,) = broken.broken
    assert sentence == (
        "under load of 10 saves/s 95 % of saves were acknowledged within 200 ms, and within 50 ms "
        "on 1.1.0: 4.0 times as long; the limit is 2 times"
    )
    assert (kept.broken, kept.owed) == ((), ())


def test_a_difference_that_nobody_feels_is_no_slower_release(load: LoadStory) -> None:
    """Twenty milliseconds more are within what a host does by itself, whatever their ratio."""
    slow(load, took_s=0.02)
    load.baseline = reference(load, 1.0)
    grounds = load.judged()

    assert (grounds.broken, grounds.owed) == ((), ())


@pytest.mark.parametrize("busy", [0.95, None])
def test_a_busy_generator_compares_nothing(load: LoadStory, busy: float | None) -> None:
    """Where the generator was the limit, or may have been, no release is slow for it."""
    slow(load)
    load.busy = busy
    load.baseline = reference(load, 50.0)
    grounds = load.judged()

    assert grounds.broken == ()
    (sentence,) = grounds.owed
    assert re.search("the limit is 2 times, and (the generator was the|how busy the)", sentence)


@pytest.mark.parametrize("p95_ms", [50.0, 5_000.0])
@pytest.mark.parametrize(
    ("spoils", "told"),
    [
        ({"busy": 0.95}, "the generator was the limit: it kept a core 95 % busy"),
        ({"busy": None}, "how busy the generator was is not known"),
        ({"reached": 5.0}, "it reached 5 of 10 saves/s"),
    ],
    ids=["busy", "not known", "not reached"],
)
def test_a_spoiled_baseline_is_owed_however_fast_the_release(
    load: LoadStory, spoils: dict[str, Any], told: str, p95_ms: float
) -> None:
    """A baseline that was slow for another reason holds no release to anything."""
    slow(load)
    baseline = reference(load, p95_ms, spoils.get("busy", 0.2))
    reached = spoils.get("reached", 10.0)
    figures = replace(baseline.figures, reached_saves_per_s=reached)
    load.baseline = replace(baseline, figures=figures)
    grounds = load.judged()

    assert grounds.broken == ()
    (sentence,) = grounds.owed
    assert sentence.startswith(f"the load of 1.1.0 is nothing to compare with: {told}")


def test_users_that_were_busy_compare_nothing(load: LoadStory) -> None:
    """Saves that were late before they began, and fast then, are no release's fault."""
    slow(load, took_s=0.02)
    for save in load.volume.saves:
        save.began_s += 0.3
        save.ended_s = save.began_s + 0.02
    load.baseline = reference(load, 50.0)
    grounds = load.judged()

    assert grounds.broken == ()
    assert "the limit is 2 times, and none took longer than 20 ms once" in grounds.owed[0]


@pytest.mark.parametrize("lacks", ["its end", "a process"])
def test_a_baseline_that_is_not_there_whole_compares_nothing(load: LoadStory, lacks: str) -> None:
    """Of a journal that was cut, or one of two, nobody knows how fast the others were."""
    slow(load)
    whole = reference(load, 50.0)
    path = load.folder / "load-0.acts"
    began, _ = load.events()
    assert isinstance(began, ev.LoadBegan)
    if lacks == "its end":
        path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    else:
        began = replace(began, processes=2)

    assert whole.figures.took_n == 100
    assert pace_of(LoadRecord(tuple(find_acts(load.folder))), began).took_n == 0


def test_a_baseline_that_was_not_measured_compares_nothing(load: LoadStory) -> None:
    """A limit against the baseline is owed where its load is not there, or acknowledged nothing."""
    slow(load)
    nothing = load.judged()
    load.baseline = reference(load, 50.0)
    load.baseline = replace(load.baseline, figures=replace(load.baseline.figures, took_n=0))
    silent = load.judged()

    assert (
        nothing.owed == silent.owed == ("the baseline's own load measured nothing to compare with",)
    )


# --- within a verdict ---------------------------------------------------------------------------


def test_the_evidence_of_a_verdict_holds_the_load(load: LoadStory) -> None:
    """A run with a load passes with its figures, and its controls and fields are counted."""
    load.saves(100)
    verdict = conclude(load.weighed())

    assert verdict.verdict == "pass", verdict.reasons
    assert verdict.evidence.load == {
        "target_saves_per_s": 10.0,
        "reached_saves_per_s": 10.0,
        "saves_acknowledged": 100,
        "saves_verified": 100,
        "p50_ms": 20.0,
        "p95_ms": 20.0,
        "p99_ms": 20.0,
    }
    assert verdict.evidence.controls["planted"] == verdict.evidence.controls["caught"] > 5
    assert [(s.name, s.promised, s.measured) for s in verdict.stages] == [("load", 1, 1)]


def test_a_loss_under_load_blocks_a_release(load: LoadStory) -> None:
    """The sentence of the verdict says what was lost, and under which load."""
    load.saves(100)[50].holds(history=None)
    verdict = conclude(load.weighed())

    assert verdict.verdict == "block"
    assert verdict.reasons[0] == (
        "note: history lost, under load of 10 saves/s: 1 of 100 saves, in second 5; "
        "sent and acknowledged, but not what storage holds"
    )


def test_a_missing_load_is_inconclusive(load: LoadStory) -> None:
    """A promised load of which the folder holds nothing is no pass."""
    verdict = conclude(load.weighed(LoadRecord()))

    assert verdict.verdict == "inconclusive"
    assert "no journal of the load is there" in verdict.sentence
    assert verdict.sentence.endswith("or drive the load again")


def test_a_field_that_no_form_has_is_no_save_of_it(load: LoadStory) -> None:
    """What a journal calls otherwise than the plan is not left out of what is compared."""
    load.saves(100)
    lost = load.record("k-lost")
    lost.save("reason").acknowledged(stores=False)
    fields = lost.volume.saves[0].fields
    fields["reasen"] = fields.pop("reason")
    grounds = load.judged()

    assert any("'reasen'" in sentence for sentence in grounds.owed)
