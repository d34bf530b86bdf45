"""A catalogue with a mistake in it is refused, with the reason, before anything starts."""

from pathlib import Path

import pytest

from harness.catalogue.entries import Entry, find_entries
from harness.catalogue.fitting import check_entries
from harness.errors import UsageError
from harness.plan import Plan, load_plan
from tests.plan.writing import write

CATALOGUE = """
[catalogue]
path = "releases"
baseline = "1.0"
overlays = "app"
always = "1.0"

[form.letter]
storage = "main"
table = "letter"
key = "id"
fields = { text = "body", title = "title" }
"""
SCENARIOS = '''
from harness.plugin import factors


@factors(shares=[0, 1, 2], text=["plain", "astral"])
def test_share(page, journal, case):
    """Nobody drives it here."""
'''
PASSES = 'mechanism = "m"\nexpect = "pass"\nreason = "r"\n'
LOSES = 'mechanism = "m"\nexpect = "block"\nanomaly = "lost"\nform = "note"\nfields = ["text"]\n'


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    """A plan with a catalogue of one release, which shadows nothing."""
    for name, text in {
        "app/page.js": "clean",
        "scenarios/test_notes.py": SCENARIOS,
        "releases/1.0/release.toml": PASSES,
    }.items():
        place(tmp_path / name, text)
    return load_plan(write(tmp_path, CATALOGUE), {})


def place(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def refused(plan: Plan, text: str, **files: str) -> str:
    """What is said of a catalogue with that release in it; files are written beside it."""
    place(plan.folder / "releases" / "2.0" / "release.toml", text)
    for name, content in files.items():
        place(plan.folder / "releases" / "2.0" / name.replace("__", "."), content)
    with pytest.raises(UsageError) as error:
        check_entries(plan, find_entries(plan), {})
    return str(error.value)


def test_releases_are_found_by_name(plan: Plan) -> None:
    """All releases of the folder, or those that are named, with their baseline."""
    place(plan.folder / "releases/2.0/release.toml", LOSES + 'baseline = "0.9"\nown = 1\n')
    both = find_entries(plan)

    assert [(entry.name, entry.baseline) for entry in both] == [("1.0", "1.0"), ("2.0", "0.9")]
    assert [entry.name for entry in find_entries(plan, ["2.0"])] == ["2.0"]
    check_entries(plan, both, {})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "2.0: mechanism is missing"),
        ('mechanism = "m"\n', "2.0: expect is missing"),
        ('mechanism = "m"\nexpect = "pas"\n', "expect = 'pas': has to be 'block', 'pass' or"),
        ('mechanism = "m"\nexpect = "pass"\n', "reason is missing"),
        ('mechanism = "m"\nexpect = "block"\n', "anomaly is missing"),
        ('mechanism = "m"\nexpect = "block"\nanomaly = "lost"\n', "fields is missing"),
        (LOSES.replace('"lost"', '"lots"'), "anomaly = 'lots': has to be 'misplaced'"),
        (PASSES + 'layer = "page"\n', 'layer: only a release with expect = "block" has one'),
        (PASSES + 'scenaros = ["test_share"]\n', "scenaros: unknown key; write scenarios"),
        (PASSES + "scenarios = [1]\n", "scenarios[0] = 1: has to be a valid string"),
        (PASSES + "profile = [\n", "release.toml is not TOML"),
        (PASSES + 'plan = "plan.toml"\n', "plan = 'plan.toml': there is no such file"),
        (PASSES + 'adds = ["new.js"]\n', "adds = 'new.js': no file of the release fits it"),
        (PASSES + 'stages = ["laod"]\n', "stages = 'laod': a gate has no such stage; write load"),
        (LOSES.replace('"note"', '"nope"'), "form = 'nope': the plan has no such form; write note"),
        (LOSES.replace('["text"]', '["txt"]'), "fields = 'txt': the plan has no such field"),
        (LOSES.replace('form = "note"', ""), "note and letter have one; write form as well"),
        (PASSES + 'scenarios = ["test_shar_*"]\n', "scenarios = 'test_shar_*' fits no case; write"),
        (LOSES + "trigger = { sahres = 1 }\n", "trigger.sahres = 1: no case of it has that"),
        (LOSES + "trigger = { shares = 7 }\n", "levels there: 0, 1, 2"),
        (LOSES + 'trigger = { fault = "app kiled" }\n', "'app kiled': nothing that is done to a"),
        (LOSES + 'trigger = { scenario = "test_x*" }\n', "'test_x*' fits none of its scenarios"),
    ],
)
def test_a_release_with_a_mistake(plan: Plan, text: str, told: str) -> None:
    """The release, the key, what stands there and what to write."""
    assert told in refused(plan, text)


def test_a_file_that_stands_in_for_nothing(plan: Plan) -> None:
    """A file has a clean one of its name, or the release says that it adds it."""
    told = refused(plan, PASSES, page__js="bad", pgae__js="bad")

    assert "2.0: pgae.js stands in for nothing" in told
    assert "page.js stands" not in told
    place(plan.folder / "releases/2.0/release.toml", PASSES + 'adds = ["pg*.js"]\n')
    check_entries(plan, find_entries(plan), {})


def test_a_plan_of_its_own_is_merged(plan: Plan) -> None:
    """What stands in the release's plan is merged over the catalogue's, and checked as one."""
    text = PASSES + 'plan = "plan.toml"\n'
    told = refused(plan, text, plan__toml="[limits]\nsave_p95_ms_mx = 1\n")
    assert "2.0: " in told
    assert "write save_p95_ms_max" in told

    place(plan.folder / "releases/2.0/plan.toml", "[form.note]\nunchecked = ['seen']\n")
    plans = check_entries(plan, find_entries(plan), {})

    assert plans["2.0"].forms("2.0")["note"].unchecked == ("seen",)
    assert plans["2.0"].forms("2.0")["note"].table == "note"
    assert plans["1.0"].digest == plan.digest != plans["2.0"].digest


def test_every_mistake_is_said_at_once(plan: Plan) -> None:
    """Whoever mends a catalogue is not told one mistake after the other."""
    place(plan.folder / "releases/3.0/release.toml", PASSES + "scenarios = [1]\n")

    told = refused(plan, 'mechanism = "m"\n')

    assert "2 problems" in told


def test_unknown_names(plan: Plan) -> None:
    """A release that is not there is answered with the nearest that is."""
    with pytest.raises(UsageError, match=r"the catalogue has no release '1\.O'; write 1\.0"):
        find_entries(plan, ["1.O"])


def test_a_plan_without_a_catalogue(tmp_path: Path) -> None:
    """Whoever has none yet is told how to begin."""
    with pytest.raises(UsageError, match=r"has no catalogue; write \[catalogue\]"):
        find_entries(load_plan(write(tmp_path), {}))


def test_a_named_release_is_read_alone(plan: Plan) -> None:
    """A release that is half done does not keep others from being gated by name."""
    place(plan.folder / "releases/2.0/page.js", "unfinished")

    found: list[Entry] = find_entries(plan, ["1.0"])

    assert [entry.name for entry in found] == ["1.0"]
