"""A plan is read whole, refused whole, and says what to write instead."""

from datetime import date
from pathlib import Path

import pytest

from harness.errors import PlanError
from harness.model import Anomaly, Leg
from harness.plan import load_plan
from harness.plan.profiles import BUILT_IN
from harness.plan.shapes import shaped
from harness.promise import ACROSS
from tests.plan.writing import load, problems, write

NEITHER = (
    "form.note.table = 'note': write the table, "
    "or a query that returns the key and a column per field"
)
NO_PROT = (
    "release.process.command[4] = '{prot}': "
    "no placeholder 'prot' here; write port; a doubled brace is a brace"
)


def test_the_smallest_plan_is_enough(tmp_path: Path) -> None:
    """Everything that has a sensible default may be left out."""
    plan = load(tmp_path)

    assert "notes" == plan.app.name
    assert ("/", 60.0) == (plan.release.health.path, plan.release.health.timeout_s_max)
    assert ("scenarios", None) == (plan.scenarios.path, plan.scenarios.workers)
    assert plan.load is None
    assert plan.limits.save_p95_ms_max is None
    assert tmp_path == plan.folder


def test_a_folder_stands_for_its_plan(tmp_path: Path) -> None:
    """A folder is read as the harness.toml in it."""
    write(tmp_path)

    assert tmp_path / "harness.toml" == load_plan(tmp_path, {}).path


def test_a_missing_plan_says_where_it_was_looked_for(tmp_path: Path) -> None:
    """Without a plan the message holds the whole path and what to do."""
    with pytest.raises(PlanError, match=rf"no plan at {tmp_path}/harness.toml; write"):
        load_plan(tmp_path, {})


def test_broken_toml_says_line_and_column(tmp_path: Path) -> None:
    """A file that is no TOML is refused with the place of the fault."""
    path = tmp_path / "plan.toml"
    path.write_text("[app]\nname = clinic\n", encoding="utf-8")
    with pytest.raises(PlanError, match=r"plan.toml: not TOML: .*line 2, column 8"):
        load_plan(path, {})
    path.write_bytes(b'[app]\nname = "\xe9"\n')
    with pytest.raises(PlanError, match="not UTF-8 at byte 14"):
        load_plan(path, {})


def test_every_problem_is_named_at_once(tmp_path: Path) -> None:
    """Keys, types, environment, contradictions and placeholders are all in one message."""
    found = problems(
        tmp_path,
        "[limit]\nsave_p95_ms_max = 500\n",
        ('deployer = "process"', 'deployer = "process"\nport = "8000"\nenv = { A = "${A}" }'),
        ('storage = "main"', 'storage = "mian"\nconcurrent = "first"\nquery = "SELECT 1"'),
        ('"{port}"', '"{prot}"'),
    )

    assert [
        "release.env.A = '${A}': the environment has no A; set it before the run",
        "release.port = '8000': write a whole number, without quotes",
        "form.note.concurrent = 'first': write 'last-wins', 'conflict' or 'merge'",
        "limit = a table: unknown key; write limits",
        "form.note.storage = 'mian': no such storage; write main",
        NEITHER,
        'form.note.tables: a query says what it stands on; write tables = ["consultation"]',
        NO_PROT,
    ] == list(found)


LOAD = "[load]\nfile = 'x'\npeak_saves_per_s = 100\n"
PEAK = "[[load.leg]]\nto = 1.0\nover_s = 5\n[[load.leg]]\nto = 1.0\nover_s = 10\n"
DAYS = ("{ to = 1.0, over_s = 86000 }", "{ to = 1.0, over_s = 86000 }")


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("[relase]\n", "relase = a table: unknown key; write release"),
        ("[scenarios]\npaht = 'x'\n", "scenarios.paht = 'x': unknown key; write path"),
        ("[scenarios]\nqqq = 1\n", "known here: path, timeout_s_max, workers"),
        ("[form.note.release.'2.*']\nquerry = 'x'\n", 'form.note.release."2.*".querry'),
        ("[release.worker]\ncomand = ['x']\n", "release.worker.comand = ['x']: unknown key; write"),
        ("[release.worker]\ncomand = ['x']\n", "release.worker.command: is missing; write command"),
        ("[release.worker.a]\nenv = 5\n", "release.worker.a.env = 5: write a table"),
        ("[scenarios]\nworkers = 0\n", "scenarios.workers = 0: has to be greater than or equal"),
        ("[scenarios]\npath = 5\n", "scenarios.path = 5: write a text in quotes"),
        ("[scenarios]\nworkers = true\n", "scenarios.workers = True: write a whole number"),
        ("[scenarios]\ntimeout_s_max = inf\n", "scenarios.timeout_s_max = inf"),
        ("[load]\nfile = 'x'\n", "load.peak_saves_per_s: is missing; write peak_saves_per_s = 100"),
        ("[service.redis]\nport = 6379\n", "service.redis: nothing to start"),
        ("[service.r]\nimage = 'r'\nready = { path = 'x' }\n", "a path starts with /"),
        ("[service.r]\nimage = 'r'\nready = { path = '/' }\n", "a path needs the port"),
        ("[service.r]\nimage = 'r'\nready = {}\n", "one of the two"),
        ("[storage.'a b']\nengine = 'postgres'\n", 'storage."a b": not a name'),
        ("[storage.a]\nengine = 'postgres'\nimage = 'p'\nurl = 'u'\n", "remove one of the two"),
        ("[storage.a]\nengine = 'mysql'\n", "storage.a.engine = 'mysql': write 'postgres'"),
        (
            "[load]\nfile = 'x'\npeak_saves_per_s = 0\n",
            "load.peak_saves_per_s = 0: has to be greater than 0",
        ),
        (f"{LOAD}shape = 'ramp'\n", "load.shape = 'ramp': write 'hold', 'spike' or 'soak'"),
        (f"{LOAD}shape = 'hold'\n{PEAK}", "load.shape = 'hold': a shape, or legs of its own"),
        (f"{LOAD}leg = 5\n", "load.leg = 5: write a list"),
        (f"{LOAD}leg = [{{ to = 1.1, over_s = 1 }}]\n", "load.leg[0].to = 1.1: has to be less"),
        (f"{LOAD}leg = [{{ to = -0.1, over_s = 1 }}]\n", "load.leg[0].to = -0.1: has to be great"),
        (f"{LOAD}leg = [{{ to = 1.0, over_s = -1 }}]\n", "load.leg[0].over_s = -1: has to be gre"),
        (f"{LOAD}leg = [{{ to = 1.0 }}]\n", "load.leg[0].over_s: is missing; write over_s = 5"),
        (f"{LOAD}leg = [{{ to = 1.0, over_s = 9 }}]\n", "load.leg = [1.0]: no leg holds the peak"),
        (f"{LOAD}leg = []\n", "load.leg = []: no leg holds the peak; to hold it, write two legs"),
        (f"{LOAD}leg = [{', '.join(DAYS)}]\n", "the legs last more than 86400 s, a day; shorten"),
        (f"{LOAD}leg = [{', '.join(DAYS * 60)}]\n", "load.leg = "),
        (
            f"{LOAD}{PEAK}[profile.commit]\nload_s = 5\n",
            "profile.commit.load_s = 5: the legs of the load say how long it is held; remove one",
        ),
        (
            f"{LOAD}[profile.nightly]\nload_shape = 'soak'\nload_leg = [{DAYS[0]}, {DAYS[0]}]\n",
            "profile.nightly.load_shape = 'soak': a shape, or legs of its own",
        ),
        (
            "[load]\nfile = 'x'\npeak_saves_per_s = 0.4\n",
            "no save is due in the 10 s that profile commit holds 0.08 saves/s; ask for more",
        ),
        ("[profile.commit]\nload_share = 1.5\n", "profile.commit.load_share = 1.5: "),
        ("[profile.commit]\nload_share = 0.0\n", "profile.commit.load_share = 0.0: "),
        ("[profile.commit]\nload_s = -1.0\n", "profile.commit.load_s = -1.0: "),
        ("[profile.commit]\nstages = 5\n", "profile.commit.stages = 5: write a table"),
        (
            "[profile.commit.stages]\nassets = '/{release}'\n",
            "stages.assets = '/{release}': unknown key;",
        ),
        ("[stages]\nupgrade = true\n", "stages.upgrade = True: write how many cases, from 0, or"),
        ("[stages]\nmixed = -1\n", "stages.mixed = -1: write how many cases, from 0, or"),
        ("[stages]\nstale_page = 1\n", "stages.stale_page = 1: unknown key; write stale-page"),
        ("[stages]\nassets = '{release}/*'\n", "stages.assets = '{release}/*': a path starts with"),
        (
            "[stages]\nassets = '/static/*'\n",
            "stages.assets = '/static/*': nobody would know whose",
        ),
        ("[stages]\nassets = '/{release}/{port}'\n", "no placeholder 'port' here; known here: rel"),
        (
            "[stages]\nrotate = ['NOPE']\n",
            "stages.rotate[0] = 'NOPE': [release.env] has no such variable",
        ),
        ("[canaries]\nforms = 'nte'\n", "canaries.forms = 'nte': no such form; write note"),
        ("[canaries]\ninterval_s = 0.5\n", "canaries.interval_s = 0.5: has to be greater than"),
        ("[canaries.clean.note]\nstatement = 'DELETE'\n", "a statement needs the url of a user"),
        (
            "[canaries.clean.note]\nproved_by = { note = 'text' }\n",
            "canaries.clean.note.proved_by.note = 'text': form note has no such key column",
        ),
        ("[canaries.signal]\nattempts_max = 3\n", "canaries.signal: nobody is told; write webh"),
        ("[canaries.signal]\nwebhook = 'http://h'\n", "could not know who calls; write secret"),
        ("[[canaries.target]]\nname = 'a'\nurl = 'host'\n", "canaries.target[0].url = 'host': "),
        (
            "[[canaries.target]]\nname = 'a'\nurl = 'http://h'\nstable = 'b'\n",
            "canaries.target[0].stable = 'b': it is compared with another target",
        ),
        (
            "[[canaries.target]]\nname = 'a'\nurl = 'http://h'\n" * 2,
            "canaries.target[1].name = 'a': another target is called so",
        ),
        (
            "[[canaries.target]]\nname = 'a'\nurl = 'http://h'\n",
            "canaries.target[0].storage: nobody could look there; write storage = { main",
        ),
        ("[profile.comit]\nsample_n = 1\n", "profile.comit: no such profile; write commit"),
        ("[profile.commit]\nstrength = 4\n", "profile.commit.strength = 4: write 2 or 3"),
        (
            "[profile.commit]\ntext_classes = 0\n",
            'write how many, from 1, or a list of names, or "all"',
        ),
    ],
)
def test_a_mistake_is_named_with_what_to_write(tmp_path: Path, more: str, expected: str) -> None:
    """Each mistake is found, and its sentence holds place, value and remedy."""
    assert any(expected in problem for problem in problems(tmp_path, more)), problems(
        tmp_path, more
    )


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('name = "notes"', 'name = ""', "app.name = '': is empty; write a text"),
        ('engine = "postgres"', "", "storage.main.engine: is missing; write engine"),
        ('[form.note]\nstorage = "main"', "[form.note]", "form.note.storage: is missing"),
        ('command = ["python", "-m", "notes", "--port", "{port}"]', "command = []", "at least one"),
        (
            'command = ["python", "-m", "notes", "--port", "{port}"]',
            "command = \"sh -c 'a b'\"",
            'write a list of words: ["sh", "-c", "a b"]',
        ),
        ('key = "id"', 'key = "id"\nsetup = ""', "form.note.setup = '': is empty; write a text"),
        ('key = "id"', "key = []", "form.note.key = []: is empty"),
        ('key = "id"', 'key = "id"\ntables = ["note"]', "only a query needs tables"),
        ('fields = { text = "body" }', "fields = {}", "a form without a field compares nothing"),
        ('{ text = "body" }', "{ text = 5 }", "form.note.fields.text = 5: write a table"),
        (
            '{ text = "body" }',
            '{ a = "body", b = { column = "body" } }',
            "form.note.fields.b.column = 'body': a reads this column already",
        ),
        ('{ text = "body" }', '{ text = { rows = "many" } }', "many rows need a query"),
        ('{ text = "body" }', '{ text = { choices = ["a"] } }', 'belong to kind = "choice"'),
        ('{ text = "body" }', '{ text = { codec = "f" } }', 'write "module:function"'),
        ('{ text = "body" }', '{ id = "body" }', 'as note_id = { column = "id" }'),
        ('{ text = "body" }', '{ "a b" = "body" }', "scenarios write it as save.NAME"),
        ('{ text = "body" }', '{ class = "body" }', "scenarios write it as save.NAME"),
        ('deployer = "process"', 'deployer = "docker"', "write [release.docker]"),
        ('deployer = "process"', 'deployer = "docker"', "docker has to know where"),
        ('deployer = "process"', 'deployer = "external"', "storage.main.url: a release that runs"),
        ('deployer = "process"', 'deployer = "external"', "release.health: nobody would know"),
        ('deployer = "process"', 'deployer = "dokcer"', "write 'docker', 'compose', 'process' or"),
        ('"{port}"', '"{storage.mian.url}"', "no storage is called 'mian'; write main"),
        ('"{port}"', '"{service.redis.host}"', "no service is called 'redis'"),
        ('"{port}"', "\"awk '{print}'\"", "a doubled brace is a brace"),
        ('"{port}"', '"{"', "a doubled brace is a brace"),
        ('deployer = "process"', 'deployer = "process"\nexists = "{port}"', "known here: release"),
        (
            'deployer = "process"',
            'deployer = "process"\nhealth = "/{release}"',
            "remove the braces",
        ),
        ('"python"', '"${1A}"', "is no variable"),
    ],
)
def test_a_contradiction_is_named_with_what_to_write(
    tmp_path: Path, old: str, new: str, expected: str
) -> None:
    """What one table has to know of another is checked as its own types are."""
    found = problems(tmp_path, "", (old, new))

    assert any(expected in problem for problem in found), found


def test_a_plan_without_forms_is_refused(tmp_path: Path) -> None:
    """Without a form nothing would be compared, so there is no plan without one."""
    form = 'storage = "main"\ntable = "note"\nkey = "id"\nfields = { text = "body" }\n'

    assert any(
        "nothing is compared" in p for p in problems(tmp_path, "", ("[form.note]\n" + form, ""))
    )
    assert any(
        "nothing is compared" in p
        for p in problems(tmp_path, "", ("[form.note]\n" + form, "[form]"))
    )


# --- the shorter ways of writing ---------------------------------------------------------------


def test_one_worker_or_several(tmp_path: Path) -> None:
    """A worker by itself and workers by name are both workers."""
    one = load(tmp_path, "[release.worker]\ncommand = ['w']\nenv = { A = '1' }\n")
    several = load(
        tmp_path, "[release.worker.env]\ncommand = ['w']\n[release.worker.b]\ncommand = ['x']\n"
    )

    assert {"worker": ("w",)} == {name: w.command for name, w in one.release.worker.items()}
    assert {"env": ("w",), "b": ("x",)} == {n: w.command for n, w in several.release.worker.items()}


def test_short_forms_are_the_long_ones(tmp_path: Path) -> None:
    """A health path, a ready command and a key may be written without their table or list."""
    plan = load(
        tmp_path,
        "[service.redis]\nimage = 'r'\nready = ['redis-cli', 'ping']\n",
        ('deployer = "process"', 'deployer = "process"\nhealth = "/up"'),
    )
    ready = plan.services["redis"].ready

    assert "/up" == plan.release.health.path
    assert ready is not None
    assert ("redis-cli", "ping") == ready.command
    assert ("id",) == plan.forms("1")["note"].key


# --- what is excused ---------------------------------------------------------------------------

KNOWN = """
[[known]]
form = "note"
field = "text"
anomaly = "lost"
trigger = { shares = [2, "5"], moment = "before" }
reason = "being mended"
expires = 2024-02-29
[[quarantine]]
scenario = "test_fax*"
reason = "no fax"
expires = "2024-03-01"
"""


def test_what_is_excused_says_until_when(tmp_path: Path) -> None:
    """An entry counts on the day it names and is listed as expired from the next."""
    plan = load(tmp_path, KNOWN)

    assert [] == plan.expired(date(2024, 2, 29))
    assert [
        "known[0] expired on 2024-02-29 (being mended): mend what it excuses, or give it a new day"
    ] == plan.expired(date(2024, 3, 1))
    assert 2 == len(plan.expired(date(2024, 3, 2)))
    assert not plan.known[0].expired(date(2024, 2, 29))


def test_a_known_loss_names_levels_as_text(tmp_path: Path) -> None:
    """A trigger's levels are texts, one or several, whatever they were written as."""
    known = load(tmp_path, KNOWN).known[0]

    assert (Anomaly.LOST, ("text",)) == (known.anomaly, known.names)
    assert {"shares": ("2", "5"), "moment": ("before",)} == known.conditions
    text = load(tmp_path, KNOWN.replace('{ shares = [2, "5"], moment = "before" }', '"test_fax*"'))
    assert ("test_fax*", {}) == (text.known[0].trigger, text.known[0].conditions)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('form = "note"', 'form = "nota"', "known[0].form = 'nota': no such form; write note"),
        ('field = "text"', 'field = "txt"', "note has no field txt; write text"),
        ('field = "text"', "", "one of the two"),
        ('field = "text"', 'field = "text"\nfields = "text"', "one of the two"),
        ('"lost"', '"lots"', "no such anomaly; one of misplaced"),
        ('trigger = { shares = [2, "5"], moment = "before" }', "", "known[0].trigger: is missing"),
        ('{ shares = [2, "5"], moment = "before" }', '"*"', "or a text that names the scenarios"),
        ('{ shares = [2, "5"], moment = "before" }', "{}", "write the factors and their levels"),
        ('{ shares = [2, "5"], moment = "before" }', "{ a = [] }", "write the factors and their"),
        ("2024-02-29", "2024", "known[0].expires = 2024: write a day"),
        ('"2024-03-01"', '"soon"', "quarantine[0].expires = 'soon': write a day"),
        ('reason = "no fax"', "", "quarantine[0].reason: is missing"),
    ],
)
def test_an_excuse_is_checked(tmp_path: Path, old: str, new: str, expected: str) -> None:
    """An excuse that names nothing, gives no reason or no day is refused."""
    assert old in KNOWN
    found = problems(tmp_path, KNOWN.replace(old, new, 1))

    assert any(expected in problem for problem in found), found


# --- profiles ----------------------------------------------------------------------------------


def test_a_profile_keeps_what_the_plan_does_not_write(tmp_path: Path) -> None:
    """A profile of the plan changes what it writes; the others are as they come."""
    plan = load(tmp_path, "[profile.commit]\ntext_classes = ['plain']\nsample_n = 2\n")
    commit, release = plan.profile("commit"), plan.profile("release")

    assert (("plain",), 2, 2) == (commit.text_classes, commit.strength, commit.sample_n)
    assert ("all", 3, 6) == (release.text_classes, release.strength, release.sample_n)
    with pytest.raises(PlanError, match="no profile is called 'nightl'; write nightly"):
        plan.profile("nightl")


def test_a_profiles_own_way_to_the_peak_comes_first(tmp_path: Path) -> None:
    """Legs or a shape of the profile stand before those of every profile, which last otherwise."""
    plan = load(
        tmp_path,
        f"{LOAD}{PEAK}"
        "[profile.commit]\nload_shape = 'soak'\nload_s = 3\n"
        "[[profile.nightly.load_leg]]\nto = 1.0\nover_s = 0\n"
        "[[profile.nightly.load_leg]]\nto = 1.0\nover_s = 7\n",
    )
    legs = {name: plan.profile(name).load_legs for name in BUILT_IN}

    assert shaped("soak", 3.0) == legs["commit"]
    assert (Leg(1.0, 5.0), Leg(1.0, 10.0)) == legs["release"]
    assert (Leg(1.0, 0.0), Leg(1.0, 7.0)) == legs["nightly"]
    assert [3.0, 10.0, 7.0] == [plan.profile(name).load_s for name in BUILT_IN]


def test_a_load_without_a_word_on_its_shape_rises_and_holds(tmp_path: Path) -> None:
    """The rise is a fifth of the profile's time, and 5 s at most; 0 s is no load at all."""
    plan = load(tmp_path, f"{LOAD}[profile.release]\nload_s = 0\n")

    assert (Leg(1.0, 2.0), Leg(1.0, 10.0)) == plan.profile("commit").load_legs
    assert (Leg(1.0, 5.0), Leg(1.0, 300.0)) == plan.profile("nightly").load_legs
    assert () == plan.profile("release").load_legs


def test_the_cases_of_each_stage_across_releases(tmp_path: Path) -> None:
    """What a profile writes counts before [stages], and that before what it comes with."""
    plan = load(
        tmp_path,
        "[stages]\nupgrade = 1\nrestart = false\nmixed = 'all'\n"
        "[profile.release.stages]\nupgrade = 'all'\nstale-page = 0\n",
    )
    plain = load(tmp_path)

    assert {
        "commit": (1, 8, None, 0, 0),
        "release": (None, 0, None, 0, 4),
        "nightly": (1, 24, None, 0, 4),
    } == {name: tuple(plan.profile(name).stages.values()) for name in BUILT_IN}
    assert all(ACROSS == tuple(plan.profile(name).stages) for name in BUILT_IN)
    assert BUILT_IN == {name: plain.profile(name) for name in BUILT_IN}


def test_what_is_always_asked_of_its_own_release(tmp_path: Path) -> None:
    """The paths of a release's own files, as they are written; without any, all are alike."""
    assert load(tmp_path).assets is None
    assert "/s/{release}/*" == load(tmp_path, "[stages]\nassets = '/s/{release}/*'\n").assets


def test_planted_records_have_a_folder(tmp_path: Path) -> None:
    """The folder stands beside the plan, and one that is not there is refused by name."""
    assert load(tmp_path).planted is None
    plan = load(tmp_path, "[canaries]\nplanted = 'seeds'\n")
    with pytest.raises(PlanError, match=r"canaries\.planted: there is no folder .*seeds; make"):
        plan.check_files()
    (tmp_path / "seeds").mkdir()
    plan.check_files()

    assert tmp_path / "seeds" == plan.planted


def test_another_deployer_has_to_have_its_section(tmp_path: Path) -> None:
    """A plan can be run by another deployer when it says how, and is then another promise."""
    plan = load(
        tmp_path,
        "[release.external]\nurl = 'http://x'\n",
        ('deployer = "process"', 'deployer = "process"\nhealth = { release = "name" }'),
        ("[storage.main]", "[storage.main]\nurl = 'postgresql://h'"),
    )

    assert "external" == plan.with_deployer("external").release.deployer
    assert plan.digest != plan.with_deployer("external").digest
    assert "process" == plan.release.deployer
    with pytest.raises(PlanError, match=r"write \[release.docker\]"):
        plan.with_deployer("docker")


@pytest.mark.parametrize(
    ("text", "words"), [(b"class Writer(:\n", "line 1: "), (b"x = '\0'\n", "is no Python")]
)
def test_a_load_file_that_is_no_python_is_named(tmp_path: Path, text: bytes, words: str) -> None:
    """What Locust could not load is said before anything is started."""
    (tmp_path / "peak.py").write_bytes(text)
    plan = load(tmp_path, '[load]\nfile = "peak.py"\npeak_saves_per_s = 5\n')
    with pytest.raises(PlanError, match=r"load\.file = 'peak\.py' is no Python") as raised:
        plan.load_file()

    assert words in str(raised.value)


def test_a_load_file_that_is_missing_is_named(tmp_path: Path) -> None:
    """The load file is looked up beside the plan, and one that is not there is refused by name."""
    plan = load(tmp_path, "[load]\nfile = 'peak.py'\npeak_saves_per_s = 5\n")
    with pytest.raises(PlanError, match=r"load\.file = 'peak\.py': there is no such file in"):
        plan.load_file()
    (tmp_path / "peak.py").touch()

    assert tmp_path / "peak.py" == plan.load_file()
    assert load(tmp_path).load_file() is None
