"""Records that were saved several times pass the sieve in bulk, and none that should not."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.checks import sifting, volume
from harness.checks.load_owed import LoadRecord
from harness.checks.owing import Owing
from harness.checks.retelling import LOAD
from harness.checks.sifted import Sifted
from harness.checks.volume import sift
from harness.contracts import fingerprint
from harness.errors import RecordUnreadable
from harness.journal.acts_files import ActsFile, find_acts
from harness.journal.volume import VolumeRecord, key_word
from harness.model import Field, Form, Value
from harness.sieve import acts
from harness.sieve.gathering import gathered
from tests.checks.acts import apart, told, write_acts, write_lines
from tests.checks.load_story import LoadRecordStory, LoadStory, sifted_of
from tests.checks.test_dividing import flat

NAMES = ("reason", "history", "follow up")
FORM = Form(
    "a note",
    "main",
    ("id",),
    tuple(Field(name, f"column_{n}") for n, name in enumerate(NAMES)),
    table="note",
    settle_s_max=0.5,
)
FORMS = {FORM.name: FORM}
OLD: dict[str, Value] = {"reason": "as it was", "history": "", "follow up": None}
EMPTY: dict[str, Value] = dict.fromkeys(NAMES, "")
SAME: dict[str, Value] = dict.fromkeys(NAMES, "the same")

saved = st.tuples(
    st.sets(st.sampled_from(NAMES), min_size=1),
    st.sampled_from(["new", "new", "new", "same", "old", "empty"]),
)
# One thing at most is odd of a record: what a save was, what its journal says, what storage holds.
ODD = [
    *["refused", "unknown", "overlaps", "clear", "not stored"],
    *["typed", "told twice", "begun twice", "keyed twice", "keyed anew", "untold", "unbegun"],
    *[
        "told early",
        "told of another",
        "done twice",
        "field twice",
        "elsewhere",
        "backwards",
        "unopened",
    ],
    *["lost", "older", "other", "empty", "free", "gone", "doubled"],
    *["shared", "shared late", "shared earlier"],
]
record = st.tuples(
    st.lists(saved, min_size=1, max_size=5),
    st.booleans(),  # whether it stood before
    st.booleans(),  # whether its key comes late
    st.one_of(st.just("none"), st.sampled_from(ODD)),
    st.integers(0, 4),  # which save is odd, or which field
)


def saves(handle: LoadRecordStory, all_: list[tuple[set[str], str]], odd: str, nth: int) -> None:
    """All that is saved of a record; the nth save is the odd one."""
    done = []
    for n, (names, what) in enumerate(all_):
        is_odd = n == nth % len(all_)
        if odd == "overlaps" and is_odd and handle.volume.saves:
            handle.story.now_s = handle.volume.saves[-1].began_s + 0.001
        chosen = sorted(names)
        held: dict[str, Any] = {
            "same": dict.fromkeys(NAMES, "the same"),
            "old": OLD,
            "empty": EMPTY,
        }
        if odd == "clear" and is_odd:
            save = handle.save(operation="clear", **dict.fromkeys(chosen, ""))
        elif what == "new":
            save = handle.save(*chosen)
        else:
            literal: dict[str, Any] = {name: held[what][name] for name in chosen}
            save = handle.save(**literal)
        if is_odd and odd in ("refused", "unknown"):
            getattr(save, odd)(stores=nth % 2 == 0)
        else:
            save.acknowledged(stores=not (is_odd and odd == "not stored"))
        done.append(save.values)
    for values in done[::-1] if odd == "backwards" and nth % 2 else ():
        handle.holds(**values)


def becomes(handle: LoadRecordStory, odd: str, nth: int) -> None:
    """What storage holds of it in the end."""
    story, name, key = handle.story, NAMES[nth % len(NAMES)], handle.volume.key
    values: dict[str, Value] = {
        "lost": None,
        "older": handle.text(name, revision=1),
        "other": "a text that nobody typed",
        "empty": "",
    }
    if odd in values:
        handle.holds(**{name: values[odd]})
    elif odd == "free":
        written = {name for save in handle.volume.saves for name in save.fields}
        handle.holds(**{name: f"free {name}" for name in set(NAMES) - written})
    elif odd == "gone":
        handle.vanishes()
    elif odd == "doubled":
        story.rows += [row for row in story.rows if row.key == handle.row]
    elif odd.startswith("shared"):
        other = story.record(key[0] if key else None, user=40, late=odd == "shared late")
        if odd == "shared earlier":
            story.now_s = handle.volume.saves[0].began_s - 0.05 * (nth - 1)
        saves(other, [({"reason"}, "new"), ({"history"}, "new")][: 1 + nth % 2], "none", 0)


def again(line: str) -> str:
    """What is said once more a little later."""
    act, at_s, rest = line.split(" ", 2)
    return f"{act} {float(at_s) + 0.05:.6f} {rest}"


def said(record: VolumeRecord, odd: str, nth: int) -> list[str]:
    """The lines of a record."""
    lines = [line for both in told(record) for line in apart(both)]
    begun = [line for line in lines if line[0] == "i"]
    ended = [line for line in lines if line[0] in "axu"]
    intent, outcome = begun[nth % len(begun)], ended[nth % len(ended)]
    at, beside = lines.index(intent), lines.index(outcome)
    _, began_s, _, save, _, first, *_ = intent.split(" ")
    name, held = first.partition("=")[0], quote('"typed"', safe="")
    more = {
        "typed": (at + 1, f"t {began_s} {save} {name}={fingerprint('typed')}:{held}"),
        "told twice": (len(lines), f"x {began_s} {save} no"),
        "begun twice": (len(lines), intent),
        "keyed twice": (len(lines), f"k {began_s} {record.id} {key_word(record.key)}"),
        "keyed anew": (len(lines), f"k {began_s} {record.id} another"),
    }
    less = {"untold": outcome, "unbegun": intent, "unopened": lines[0], "told early": outcome}
    if odd in more:
        lines.insert(*more[odd])
    elif odd in less:
        lines.remove(less[odd])
    if odd == "told early":
        lines.insert(at, outcome)
    elif odd == "told of another":
        lines[beside] = outcome.replace(save, f"{record.id}/s9")
    elif odd == "field twice":
        other = "0" if first[-1] != "0" else "1"
        lines[at] = f"{intent} {first if nth % 2 else first[:-1] + other}"
    elif odd == "done twice":
        lines += [again(intent), again(outcome)]
    elif odd == "backwards":
        lines = [line for line in lines if line[0] in "rk"]
        lines += [line for both in zip(begun[::-1], ended[::-1], strict=True) for line in both]
    return together(lines) if nth % 3 else lines


def together(lines: list[str]) -> list[str]:
    """The same where a record and its first save are one line, as they mostly are."""
    match [line.split(" ") for line in lines[:2]]:
        case [["r", _, record, *of], ["i", at_s, due, save, *saved]] if save == f"{record}/s1":
            return [" ".join(["n", at_s, due, record, *of, *saved]), *lines[2:]]
    return lines


def written(story: LoadStory, odd: dict[str, tuple[str, int]], *, in_time: bool) -> list[ActsFile]:
    """The journals of two processes."""
    write_acts(story.folder, story.volume, 2)
    files = find_acts(story.folder)
    heads = [file.path.read_text("ascii").splitlines()[0] for file in files]
    lines: list[list[str]] = [[], []]
    for record in story.volume.records.values():
        what, nth = odd.get(record.id, ("none", 1))
        mine, user = said(record, what, nth), int(record.id.split("/")[1])
        if what == "elsewhere":
            lines[1 - user % 2].append(mine.pop())
        lines[user % 2] += mine
    for file, head, each in zip(files, heads, lines, strict=True):
        if in_time:
            # Else all saves of a record have begun before the first of them is told.
            each.sort(key=lambda line: float(line.split(" ")[1]))
        write_lines(file.path, [head, *each])
    return find_acts(story.folder)


def outcome(
    files: list[ActsFile], held: LoadRecord, parts_n: int, *, in_bulk: bool
) -> dict[str, object]:
    """All that is said, or that nothing can be."""
    assert held.final is not None
    try:
        return flat(sifted_of(files, FORMS, held.before, held.final, parts_n, in_bulk=in_bulk))
    except RecordUnreadable:
        return {}


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(record, min_size=1, max_size=6),
    st.sampled_from([60.0, 60.0, 60.0, 0.3]),
    st.booleans(),
    st.booleans(),
    st.integers(1, 3),
)
def test_in_bulk_the_same_is_said_as_one_by_one(
    records: list[tuple[list[tuple[set[str], str]], bool, bool, str, int]],
    after_s: float,
    in_time: bool,
    is_shifted: bool,
    parts_n: int,
) -> None:
    """Whatever was saved how often, told and stored, nothing of what is said of it differs."""
    with tempfile.TemporaryDirectory() as folder:
        story, odd = LoadStory(Path(folder) / "o", form=FORM), dict[str, tuple[str, int]]()
        for n, (_, stands, *_) in enumerate(records):
            if stands:
                story.stands(f"k{n}", **OLD)
        story.starts()
        for n, (all_, _, late, what, nth) in enumerate(records):
            handle = story.record(f"k{n}", user=n, late=late)
            saves(handle, all_, what, nth)
            becomes(handle, what, nth)
            odd[handle.volume.id] = what, nth
        held = story.record_of(after_s)
        # The second process has another clock.
        files = written(story, odd, in_time=in_time)
        files = [replace(file, shift_s=0.25 * n * is_shifted) for n, file in enumerate(files)]
        slow = outcome(files, held, 1, in_bulk=False)
        bulk = outcome(files, held, parts_n, in_bulk=True)

    assert slow == bulk


RECORDS_N = 40
# Of how many of them more is told below.
MORE_N = sum(1 for n in range(RECORDS_N) if n % 3)


def weighed(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    happens: Callable[[LoadStory, int], None],
    odd: tuple[str, int] = ("none", 0),
) -> tuple[Sifted, int]:
    """What is said of many such records, and how many of them were weighed one by one.

    What is odd about the journal is so of one record.
    """
    found: list[Owing] = []
    story = LoadStory(folder / "o", form=FORM)
    for n in range(RECORDS_N):
        happens(story, n)
    held = story.record_of()
    files = written(story, {f"{LOAD}/2/1/r2": odd}, in_time=False)
    assert held.final is not None
    slow = sifted_of(files, FORMS, held.before, held.final, in_bulk=False)
    weigh = sifting.Sieve.weigh

    def noted(sieve: sifting.Sieve, owing: Owing, *of: object) -> object:
        found.append(owing)
        return weigh(sieve, owing, *of)  # type: ignore[arg-type]

    monkeypatch.setattr(sifting.Sieve, "weigh", noted)
    bulk = sifted_of(files, FORMS, held.before, held.final, 3)

    assert flat(slow) == flat(bulk)
    return bulk, len(found)


def corrected(story: LoadStory, n: int) -> None:
    """A note of which two fields are written again."""
    note = story.record(f"k{n}", user=n % 5, late=n % 2 == 0)
    note.save(*NAMES).acknowledged().save("history", "follow up").acknowledged()


def partly(story: LoadStory, n: int) -> None:
    """A note of which one field is never written, and which the application fills."""
    note = story.record(f"k{n}", user=n % 5, late=n % 2 == 0).save("reason").acknowledged()
    if n % 3:
        note.save("history").acknowledged().save("history", "reason").acknowledged()
    note.holds(**{"follow up": None if n % 2 else "filled"})


def stood(story: LoadStory, n: int) -> None:
    """A note that stood before the load, and of which one field stays as it was."""
    if not n:
        for other in range(RECORDS_N):
            story.stands(f"k{other}", **OLD)
        story.starts()
    note = story.record(f"k{n}", user=n % 5).save("reason").acknowledged()
    if n % 3:
        note.save("follow up", reason=OLD["reason"]).acknowledged()


def rewritten(story: LoadStory, n: int) -> None:
    """A note whose first save is all written over, and whose last one says nothing new."""
    note = story.record(f"k{n}", user=n % 5).save("reason").acknowledged()
    note.save(reason="b", history="c").acknowledged().save(history="c").acknowledged()


@pytest.mark.parametrize(
    ("happens", "visible_n", "hidden_n"),
    [
        (corrected, 2 * RECORDS_N, 0),
        (partly, RECORDS_N, 2 * MORE_N),
        (stood, RECORDS_N, MORE_N),
        (rewritten, RECORDS_N, 2 * RECORDS_N),
    ],
)
def test_none_is_weighed_that_was_kept(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    happens: Callable[[LoadStory, int], None],
    visible_n: int,
    hidden_n: int,
) -> None:
    """However often and in which fields a record was saved, kept it is let through in bulk."""
    sifted, weighed_n = weighed(tmp_path, monkeypatch, happens)

    assert (sifted.suspects, weighed_n) == ([], 0)
    assert (sifted.verified_n, sifted.hidden_n) == (visible_n, hidden_n)
    assert sifted.whole.keys() == {FORM.name}


def lost(note: LoadRecordStory) -> None:
    """A field is empty that the first save wrote, and the second did not."""
    note.holds(reason=None)


def older(note: LoadRecordStory) -> None:
    """The correction of one field is not there."""
    note.holds(history=note.text("history", revision=1))


def undone(note: LoadRecordStory) -> None:
    """All of the correction is not there."""
    note.holds(**{name: note.text(name, revision=1) for name in NAMES})


def mixed_up(note: LoadRecordStory) -> None:
    """Two fields hold each other's text."""
    note.holds(**{"history": note.text("follow up", revision=2), "follow up": note.text("history")})


def missing(note: LoadRecordStory) -> None:
    """There is no row."""
    note.vanishes()


def doubled(note: LoadRecordStory) -> None:
    """There are two rows."""
    note.story.rows += [row for row in note.story.rows if row.key == note.row]


@pytest.mark.parametrize(
    ("loses", "word", "fields"),
    [
        (lost, "differs", ("reason",)),
        (older, "differs", ("history",)),
        (undone, "differs", ("history", "follow up")),
        (mixed_up, "differs", ("history", "follow up")),
        (missing, "missing", NAMES),
        (doubled, "doubled", NAMES),
    ],
)
def test_a_loss_is_found_among_those_that_were_kept(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    loses: Callable[[LoadRecordStory], None],
    word: str,
    fields: tuple[str, ...],
) -> None:
    """What a record lost of several saves is found, and it alone is read."""

    def happens(story: LoadStory, n: int) -> None:
        corrected(story, n)
        if n == 7:
            loses(LoadRecordStory(story, list(story.volume.records.values())[-1], n % 5, 2))

    sifted, weighed_n = weighed(tmp_path, monkeypatch, happens)
    (suspect,) = sifted.suspects

    assert (suspect.owing.handles[0].key, weighed_n) == (("k7",), 1)
    assert (suspect.shape.word, suspect.shape.fields) == (word, fields)


@pytest.mark.parametrize("nth", [0, 1])
@pytest.mark.parametrize(
    "odd",
    [
        "typed",
        "told twice",
        "keyed twice",
        "untold",
        "told early",
        "told of another",
        "field twice",
        "elsewhere",
        "backwards",
    ],
)
def test_what_was_not_kept_save_by_save_is_weighed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, odd: str, nth: int
) -> None:
    """A record of which the journal says anything else is looked at by itself."""
    _, weighed_n = weighed(tmp_path, monkeypatch, corrected, (odd, nth))

    assert weighed_n == 1


@pytest.mark.parametrize("nth", [0, 1])
@pytest.mark.parametrize("odd", ["refused", "unknown", "clear", "overlaps", "shared"])
def test_who_was_not_alone_or_not_told_so_is_weighed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, odd: str, nth: int
) -> None:
    """Any other save than one after the other, each acknowledged, is looked at by itself."""

    def happens(story: LoadStory, n: int) -> None:
        note, what = story.record(f"k{n}", user=n % 5), odd if n == 7 else "none"
        saves(note, [({"reason"}, "new"), ({"history"}, "new")], what, 1)
        becomes(note, what, nth)

    _, weighed_n = weighed(tmp_path, monkeypatch, happens)

    assert weighed_n == 1


@pytest.mark.parametrize("odd", ["begun twice", "done twice"])
def test_a_save_that_begins_twice_is_no_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, odd: str
) -> None:
    """What two processes count alike is not judged, in bulk as one by one."""
    # Else the record may be read because a control may be planted in it.
    monkeypatch.setattr(volume, "CONTROL_CANDIDATES_MAX", 1)
    story = LoadStory(tmp_path / "o", form=FORM)
    for n in (0, 1):
        corrected(story, n)
    held = story.record_of()
    assert held.final is not None
    files = written(story, {f"{LOAD}/1/1/r1": (odd, 1)}, in_time=False)
    with pytest.raises(RecordUnreadable, match="begins a second time"):
        sifted_of(files, FORMS, held.before, held.final)


def test_what_stood_and_nobody_saved_may_not_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a row that stood before, the fields that no save names are as they were."""

    def happens(story: LoadStory, n: int) -> None:
        stood(story, n)
        if n == 7:
            story.put(("k7",), {"history": "other"})

    sifted, weighed_n = weighed(tmp_path, monkeypatch, happens)
    (suspect,) = sifted.suspects

    assert (suspect.shape.word, suspect.shape.fields, weighed_n) == ("differs", ("history",), 1)


def test_a_line_that_is_too_long_is_read_with_its_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What does not fit into a window is weighed, and is whole."""

    def happens(story: LoadStory, n: int) -> None:
        note = story.record(f"k{n}").save("reason").acknowledged()
        note.save(history="x" * (acts.SHORT_BYTES if n == 7 else 9)).acknowledged()

    sifted, weighed_n = weighed(tmp_path, monkeypatch, happens)

    assert (sifted.verified_n, sifted.suspects, weighed_n) == (2 * RECORDS_N, [], 1)


def test_a_field_that_the_form_has_not_is_no_field(tmp_path: Path) -> None:
    """A journal that names one is of other forms, and is not judged."""
    story = LoadStory(tmp_path / "o", form=FORM)
    partly(story, 1)
    held = story.record_of()
    assert held.final is not None
    path = held.files[0].path
    head, *lines = path.read_text("ascii").replace("reason", "season").splitlines()
    write_lines(path, [head, *(line for line in lines if not line.startswith("c "))])
    with pytest.raises(RecordUnreadable, match="names the field 'season'"):
        sifted_of(held.files, FORMS, None, held.final)


@pytest.mark.parametrize(("suffix", "bytes_n"), [(".acts", 500), (".prints", 40)])
def test_what_is_cut_while_it_is_read_is_no_record(
    tmp_path: Path, suffix: str, bytes_n: int
) -> None:
    """A line or row that is not there any more is said to be unreadable, and not let through."""
    story = LoadStory(tmp_path / "o", form=FORM)
    partly(story, 1)
    held = story.record_of()
    assert held.final is not None
    (path,) = (p for p in (held.files[0].path, held.final.path) if p.suffix == suffix)
    with gathered(held.files, FORMS, held.before, held.final) as load:
        path.write_bytes(path.read_bytes()[:-bytes_n])
        with pytest.raises(RecordUnreadable, match="cut while it was in use"):
            sift(load, FORMS, held.before, held.final)
