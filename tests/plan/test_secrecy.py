"""What comes from the environment is used, and never shown."""

import json
from pathlib import Path

import pytest

from harness.errors import PlanError
from harness.plan import expand, load_plan, scrub
from harness.plan.secrecy import is_api
from tests.plan.writing import load, problems, write

ENV = {"WORD": "p{a}ss/w\u00f6rd", "DSN": "postgresql://anna:in%2Fside@db/notes", "EMPTY": ""}
SECRETIVE = (
    (
        'deployer = "process"',
        'deployer = "process"\nenv = { A = "x-${WORD}", B = "$${WORD}{port}" }',
    ),
    ('engine = "postgres"', 'engine = "postgres"\nurl = "${DSN}${EMPTY}"'),
)


def test_values_come_from_the_environment(tmp_path: Path) -> None:
    """A variable is put in, a doubled dollar keeps it out, and its braces are no placeholders."""
    plan = load(tmp_path, "", *SECRETIVE, env=ENV)

    assert ENV["DSN"] == plan.storages["main"].url
    assert "x-p{a}ss/wörd" == expand(plan.release.env["A"])
    assert "${WORD}" == plan.release.env["B"].removesuffix("{port}").replace("{{", "{").replace(
        "}}", "}"
    )


def test_nothing_shows_a_secret(tmp_path: Path) -> None:
    """Neither the redacted plan nor any representation holds what the environment held."""
    plan = load(tmp_path, "", *SECRETIVE, env=ENV)
    shown = json.dumps(plan.redacted()) + repr(plan) + repr(plan.release) + str(plan.table)

    assert "x-${WORD}" == plan.redacted()["release"]["env"]["A"]
    assert "${DSN}${EMPTY}" == plan.redacted()["storage"]["main"]["url"]
    for secret in ("ss/w", "inside", "in%2Fside", "anna"):
        assert secret not in shown
    assert {ENV["WORD"], ENV["DSN"], "in%2Fside", "in/side"} == plan.secrets


def test_a_password_in_the_clear_is_hidden(tmp_path: Path) -> None:
    """A password that stands in a url of the plan is a secret as well."""
    for url, hidden in (
        ("postgresql://anna:top-s3cret@db/notes", "postgresql://anna:***@db/notes"),
        ("host=db password='top-s3cret' user=anna", "host=db password=*** user=anna"),
        ("postgresql://db/notes?password=top-s3cret&a=b", "postgresql://db/notes?password=***&a=b"),
    ):
        change = ('engine = "postgres"', f'engine = "postgres"\nurl = "{url}"')
        plan = load(tmp_path, "", change)

        assert hidden == plan.redacted()["storage"]["main"]["url"]
        assert {"top-s3cret"} == plan.secrets
        assert "top-s3cret" not in str(
            problems(
                tmp_path, "", change, ('engine = "postgres"', 'engine = "postgres"\nimage = "x"')
            )
        )


def test_the_digest_follows_the_plan_and_not_its_secrets(tmp_path: Path) -> None:
    """Another password is the same plan; another limit is another one."""
    first = load(tmp_path, "", *SECRETIVE, env=ENV).digest
    second = load(tmp_path, "# a comment\n", *SECRETIVE, env={**ENV, "WORD": "other"}).digest
    third = load(tmp_path, "[limits]\nsave_p95_ms_max = 5\n", *SECRETIVE, env=ENV).digest

    assert first == second
    assert first != third
    assert 64 == len(first)


def test_a_missing_variable_names_itself_and_its_key(tmp_path: Path) -> None:
    """A variable that is not set is an error, unless secrets are not required."""
    path = write(tmp_path, "", *SECRETIVE)
    with pytest.raises(PlanError) as caught:
        load_plan(path, {"WROD": "s3cret", "DSN": "postgresql://db", "EMPTY": ""})
    plan = load_plan(path, {}, secrets_required=False)

    (problem,) = caught.value.problems
    assert problem.startswith("release.env.A = 'x-${WORD}': the environment has no WORD; set it")
    assert problem.endswith("; WROD is set")
    assert "x-${WORD}" == expand(plan.release.env["A"])
    assert frozenset() == plan.secrets


def test_what_the_environment_says_is_checked_too(tmp_path: Path) -> None:
    """A deployer that comes from the environment needs its section, and its value stays hidden."""
    change = ('deployer = "process"', 'deployer = "${DEPLOYER}"')
    found = problems(tmp_path, "", change, env={"DEPLOYER": "external"})

    assert any("write [release.***]" in problem for problem in found)
    assert () == problems(tmp_path, "", change, env={"DEPLOYER": "process"})


def test_scrubbing_replaces_every_secret() -> None:
    """Longer secrets go first, so that no part of one is left; a very short one goes as a word."""
    assert "a *** b ***" == scrub("a s3cret-long b s3cret", {"s3cret", "s3cret-long", ""})
    assert "*** of 10, x7" == scrub("7 of 10, x7", {"7"})


@pytest.mark.parametrize("url", ["http://a", "HTTPS://a.example/b", "Http://a"])
def test_an_api_is_known_however_its_scheme_is_written(url: str) -> None:
    """Capitals make no database of it; a DSN is none of them."""
    assert is_api(url)
    assert not is_api("postgresql://http://a")
    assert not is_api("host=https://a")
